/** STATUS says what would keep the next ADD from working, before one is tried. */
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { needs } from "../../needs.ts";
import { errorOf } from "../call.ts";
import { Host } from "../host.ts";
import { program, ruleset } from "../kernel.ts";
import { flatnet } from "./configuration.ts";

const live = needs("namespaces", "program:nft");
const legacy = needs("namespaces", "program:iptables-legacy");
const iptables = needs("namespaces", "program:iptables-nft");

const network = (host: Host, keys: object = {}) => host.network(flatnet(keys, "1.1.0"));

live.describe("STATUS", () => {
  live.test("is content with an empty host, and changes nothing", () => {
    using host = new Host();
    expect(network(host).status()).toEqual({ exit: 0, stdout: "", stderr: "" });
    expect(host.files()).toEqual({});
    expect(ruleset(host.namespace)).toBe("");
  });

  live.test("is content with a host that has containers", () => {
    using host = new Host();
    network(host).add("web");
    expect(network(host).status()).toMatchObject({ exit: 0 });
  });

  live.test("says which chain drops forwarded packets, and how to let them pass", () => {
    using host = new Host();
    program(host.namespace, "nft", "add table ip filter");
    program(
      host.namespace,
      "nft",
      "add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }",
    );
    const { code, msg } = errorOf(network(host).status());
    expect(code).toBe(50);
    expect(msg).toContain("the chain FORWARD of the nf_tables table ip filter drops forwarded packets");
    expect(msg).toContain("nft insert rule ip filter FORWARD iifname flatnet-br0 accept");
  });

  live.test.each(["accept", "drop"])(
    "does not mind a chain for packets to the host itself with policy %s",
    (policy) => {
      using host = new Host();
      program(host.namespace, "nft", "add table inet own");
      program(
        host.namespace,
        "nft",
        `add chain inet own input { type filter hook input priority 0; policy ${policy}; }`,
      );
      expect(network(host).status()).toMatchObject({ exit: 0 });
    },
  );

  live.test("is content again when the chain lets the bridge's packets pass", () => {
    using host = new Host();
    program(host.namespace, "nft", "add table ip filter");
    program(
      host.namespace,
      "nft",
      "add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }",
    );
    const { msg } = errorOf(network(host).status());
    // The message's own commands.
    const [first, second] = [...msg.matchAll(/nft insert rule [^;]* accept/g)].map(([command]) => command);
    program(host.namespace, "sh", "-c", first!);
    expect(network(host).status()).toMatchObject({ exit: 1 });
    program(host.namespace, "sh", "-c", second!);
    expect(network(host).status()).toMatchObject({ exit: 0 });
  });

  iptables.test("understands the rules of iptables, and names with a wildcard", () => {
    using host = new Host();
    program(host.namespace, "iptables-nft", "-P", "FORWARD", "DROP");
    program(host.namespace, "iptables-nft", "-N", "CONTAINERS");
    program(host.namespace, "iptables-nft", "-A", "CONTAINERS", "-i", "flatnet-br0", "-j", "ACCEPT");
    expect(network(host).status()).toMatchObject({ exit: 1 });
    program(host.namespace, "iptables-nft", "-A", "CONTAINERS", "-o", "flat+", "-j", "ACCEPT");
    expect(network(host).status()).toMatchObject({ exit: 0 });
    expect(network(host, { bridge: "other" }).status()).toMatchObject({ exit: 1 });
  });

  legacy.test("looks at iptables-legacy, too", () => {
    using host = new Host();
    program(host.namespace, "iptables-legacy", "-P", "FORWARD", "DROP");
    const { code, msg } = errorOf(network(host).status());
    expect(code).toBe(50);
    expect(msg).toContain("the chain FORWARD of iptables-legacy drops forwarded packets");
    program(host.namespace, "sh", "-c", /let it accept them: (.*)/.exec(msg)![1]!);
    expect(network(host).status()).toMatchObject({ exit: 0 });
  });

  live.test("says that no address is left", () => {
    using host = new Host();
    const small = network(host, { ipam: { subnet: "10.9.0.0/30" } });
    small.add("web");
    const { code, msg } = errorOf(small.status());
    expect(code).toBe(50);
    expect(msg).toContain("range set 0 (10.9.0.1-10.9.0.2): all addresses are taken");
    expect(small.refuse("late").msg).toContain("10.9.0.1-10.9.0.2");
  });

  live.test("says that leases cannot be written", () => {
    using host = new Host();
    const config = { ...flatnet().plugins[0], name: "flatnet", cniVersion: "1.1.0" };
    const readOnly = [
      "sh",
      "-c",
      'mount -o remount,bind,ro /var/lib && exec "$0"',
      `${host.plugins}/flatnet`,
    ];
    const variables = { CNI_COMMAND: "STATUS", CNI_PATH: host.plugins };
    const { code, msg } = errorOf(host.run(readOnly, variables, JSON.stringify(config)));
    expect(code).toBe(50);
    expect(msg).toContain("write leases to /var/lib/cni/networks/flatnet");
  });

  live.test("says that the leases' directory is a file", () => {
    using host = new Host();
    writeFileSync(host.file("leases"), "");
    const { code, msg } = errorOf(network(host, { ipam: { dataDir: "/var/lib/leases" } }).status());
    expect({ code, msg }).toEqual({
      code: 50,
      msg: expect.stringContaining("write leases to /var/lib/leases/flatnet"),
    });
  });

  live.test("says that the bridge's name is taken by something else", () => {
    using host = new Host();
    const { code, msg } = errorOf(network(host, { bridge: "uplink0" }).status());
    expect({ code, msg }).toEqual({ code: 50, msg: expect.stringContaining("not a bridge but veth") });
  });
});
