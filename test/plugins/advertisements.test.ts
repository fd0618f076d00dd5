/** Containers that tell the host where to route (CVE-2020-10749) are not heard, on whatever way. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import { advertiseRouter } from "./frames.ts";
import { Host } from "./host.ts";
import { program, routes, setSysctl } from "./kernel.ts";

const live = needs("namespaces", "program:ip");

/** To all nodes, and the addresses that bridges hand to the port's own link instead of the other ports. */
const destinations = ["33:33:00:00:00:01", "01:80:c2:00:00:0e", "01:80:c2:00:00:03"];

const network = { cniVersion: "1.0.0", name: "net" };
const ipam = { type: "host-local", subnet: "10.1.2.0/24" };

live.describe.each([
  ["flatnet", { type: "flatnet" }, "flatnet-br0"],
  ["bridge", { type: "bridge", isGateway: true, ipam }, "cni0"],
  ["bridge without addresses", { type: "bridge" }, "cni0"],
])("%s", (_, plugin, bridge) => {
  live.test.each(destinations)(
    "a router advertisement to %s changes none of the host's routes",
    async (to) => {
      using host = new Host();
      const web = host.network({ ...network, plugins: [plugin] }).add("web");
      advertiseRouter(web.namespace, "eth0", to);
      await Bun.sleep(50);
      expect(routes(host.namespace, 6).filter((line) => line.startsWith("default"))).toEqual([]);
    },
  );

  live.test("on a bridge that somebody made it changes none either", async () => {
    using host = new Host();
    program(host.namespace, "ip", "link", "add", bridge, "up", "type", "bridge");
    const web = host.network({ ...network, plugins: [plugin] }).add("web");
    for (const to of destinations) advertiseRouter(web.namespace, "eth0", to);
    await Bun.sleep(50);
    expect(routes(host.namespace, 6).filter((line) => line.startsWith("default"))).toEqual([]);
  });

  live.test("a host that wants to hear hears: the frames of these tests are good ones", async () => {
    using host = new Host();
    const web = host.network({ ...network, plugins: [plugin] }).add("web");
    for (const link of [bridge, web.hostLink])
      setSysctl(host.namespace, `net/ipv6/conf/${link}/accept_ra`, "1");
    const heard = async (to: string): Promise<boolean> => {
      advertiseRouter(web.namespace, "eth0", to);
      await Bun.sleep(50);
      return routes(host.namespace, 6).some((line) => line.startsWith("default via fe80::66"));
    };
    expect(await heard(destinations[1]!)).toBe(true);
    program(host.namespace, "ip", "-6", "route", "flush", "default");
    expect(await heard(destinations[0]!)).toBe(true);
  });
});
