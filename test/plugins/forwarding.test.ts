/** Every plugin that asks another for addresses forwards GC, STATUS and DEL to it. */
import { expect } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { schemas } from "../../docs/generate.ts";
import { needs } from "../needs.ts";
import { type Configuration, callPlugin } from "./call.ts";
import { Host } from "./host.ts";

const live = needs("namespaces");

/** What a plugin needs in its configuration beside `ipam`. */
const keys: Readonly<Record<string, object>> = {
  macvlan: { master: "uplink0" },
  ipvlan: { master: "uplink0" },
  vlan: { master: "uplink0", vlanId: 5 },
  "host-device": { device: "uplink0" },
};

const asksForAddresses = (name: string): boolean =>
  existsSync(join(import.meta.dir, "../../src/plugins/main", name)) &&
  "ipam" in (schemas[name as keyof typeof schemas] as { readonly shape: object }).shape;

const askers = Object.keys(schemas).filter(asksForAddresses);

/** A network of one plugin, with room for three containers. */
const network = (type: string): Configuration => ({
  cniVersion: "1.1.0",
  name: "net",
  plugins: [
    {
      type,
      ...keys[type],
      ipam: { type: "host-local", ranges: [[{ subnet: "10.1.2.0/24", rangeEnd: "10.1.2.4" }]] },
    },
  ],
});

/** A host with the leases of three containers that were never more than leases. */
function hostWithLeases(): Host {
  const host = new Host();
  mkdirSync(host.file("cni/networks/net"), { recursive: true });
  for (const [nth, id] of [..."abc"].entries())
    writeFileSync(host.file(`cni/networks/net/10.1.2.${nth + 2}`), `${id}\r\neth0`);
  return host;
}

live.test("there are plugins that ask for addresses", () => {
  expect(askers).toContainValues(["bridge", "flatnet", "ptp"]);
});

live.describe.each(askers)("%s", (type) => {
  live.test("GC frees the addresses of those who are not valid, and no others", () => {
    using host = hostWithLeases();
    const net = host.network(network(type));
    net.gc([net.container("b")]);
    expect(host.leases("net")).toEqual(["10.1.2.3"]);
  });

  live.test("STATUS says that the range is used up, with numbers", () => {
    using host = hostWithLeases();
    const { exit, stdout } = host.network(network(type)).status();
    expect([exit, JSON.parse(stdout)]).toEqual([
      1,
      expect.objectContaining({ code: 50, msg: expect.stringContaining("3 of 3 by containers") }),
    ]);
  });

  live.test("DEL frees the address, also where the namespace has gone or none is named", () => {
    using host = hostWithLeases();
    const net = host.network(network(type));
    net.container("a", { netns: "/nowhere" }).del();
    net.container("b").del();
    const config = net.configOf(net.configuration.plugins[0]!);
    const subject = { containerId: "c", ifname: "eth0" };
    expect(callPlugin(host, "DEL", config, subject)).toEqual({ exit: 0, stdout: "", stderr: "" });
    expect(host.leases("net")).toEqual([]);
  });
});
