/** `portmap`: whom its ports lead to, and what its calls leave and name. */
import { expect } from "bun:test";
import { rmSync } from "node:fs";
import { needs } from "../../needs.ts";
import { goPlugins } from "../executable.ts";
import { Host, hostAddress, outsideAddress } from "../host.ts";
import { elements, program, setSysctl, sysctl, vethNames } from "../kernel.ts";
import type { Attachment } from "../network.ts";
import { ask, serve, udpClient } from "../talk.ts";
import { BOTH, mixedPlugins, network, portmap, publishing, web } from "./configuration.ts";

const live = needs("namespaces", "program:nft", "program:ip");
const mixed = needs("namespaces", "program:nft", "program:ip", `file:${goPlugins}/bridge`);

const PUBLISHING = ["hostports4", "hostports6", "anyports4", "anyports6", "published4", "published6"];
const MASQUERADING = ["local4", "local6", "masquerade4", "masquerade6"];
const all = (host: Host, sets: readonly string[]): string[] =>
  sets.flatMap((set) => elements(host.namespace, set));

/** Long enough for an answer that is not to come. */
const BRIEFLY = 200;

/** Whom port 8080 of an address leads to. */
const at = (address: string, from: Host["namespace"], port = 8080) =>
  ask(from, { address, port, patience: BRIEFLY });

/** The configuration that a plugin is given when nothing but its own keys are known. */
const bare = (attachment: Attachment): Attachment => {
  attachment.forget();
  return attachment;
};

live.describe("ADD", () => {
  live.test("gives the result of the plugin before, and one element for each port and address", () => {
    using host = new Host();
    const container = host.network(network({}, { subnets: BOTH })).add("web", publishing(web()));
    expect(container.result.ips).toHaveLength(2);
    const [first] = elements(host.namespace, "anyports4");
    const comment = `net: net, if: eth0, id: web, by: ${container.hostLink}, elements: 4`;
    expect(first).toBe(`tcp . 8080 comment "${comment}" : 10.1.2.2 . 80`);
    expect(elements(host.namespace, "published4")).toEqual([`10.1.2.2 . "br-net" comment "${comment}"`]);
    expect(all(host, PUBLISHING)).toHaveLength(4);
    expect(sysctl(host.namespace, "net/ipv4/conf/br-net/route_localnet")).toBe("1");
  });

  live.test("without ports touches nothing", () => {
    using host = new Host();
    const container = host.network(network()).add("web");
    expect(program(host.namespace, "nft", "list", "ruleset")).toBe("");
    container.check();
    container.del();
    expect(sysctl(host.namespace, "net/ipv4/conf/br-net/route_localnet")).toBe("0");
  });

  live.test("leaves loopback alone where no port is published on it", () => {
    using host = new Host();
    host.network(network()).add("web", publishing(web({ hostIP: hostAddress.v4 })));
    expect(sysctl(host.namespace, "net/ipv4/conf/br-net/route_localnet")).toBe("0");
  });

  live.test(
    "passes over a port on an address of a family that the container has none of, and says so",
    () => {
      using host = new Host();
      const container = host.network(network()).container("web", publishing(web({ hostIP: "::" }), web()));
      const { exit, stderr } = container.call("ADD");
      expect(exit).toBe(0);
      expect(stderr).toContain("1 of 2 port mappings lead nowhere");
      expect(all(host, PUBLISHING)).toHaveLength(2);
      container.check();
    },
  );

  live.test("takes names of protocols in any letter case", () => {
    using host = new Host();
    host.network(network()).add("web", publishing(web({ protocol: "TCP" }), web({ protocol: "Udp" })));
    const ports = elements(host.namespace, "anyports4").map((element) => element.split(" comment")[0]);
    expect(ports).toEqual(["tcp . 8080", "udp . 8080"]);
  });

  live.test("again puts the new ports in place of the old", () => {
    using host = new Host();
    const net = host.network(network());
    const container = net.add("web", publishing(web(), web({ hostPort: 8081 })));
    const [first, second] = net.configuration.plugins;
    const onlyPortmap = host.network({ ...net.configuration, plugins: [second!] });
    expect(first!.type).toBe("bridge");
    const again = onlyPortmap.container("web", {
      ...publishing(web({ hostPort: 8082 })),
      namespace: container.namespace,
    });
    again.addTo(container.result);
    expect(elements(host.namespace, "anyports4").map((element) => element.slice(0, 10))).toEqual([
      "tcp . 8082",
    ]);
    again.check();
  });

  live.test("is refused without a plugin before it", () => {
    using host = new Host();
    const alone = { ...network(), plugins: [portmap()] };
    expect(host.network(alone).refuse("web", publishing(web()))).toMatchObject({ code: 7 });
  });

  live.test("is refused with both ways to mark, and leaves nothing of portmap", () => {
    using host = new Host();
    const both = network({ markMasqBit: 3, externalSetMarkChain: "KUBE-MARK-MASQ" });
    const { code, msg } = host.network(both).refuse("web", publishing(web()));
    expect({ code, msg }).toMatchObject({ code: 7, msg: expect.stringContaining("exclude each other") });
    expect(program(host.namespace, "nft", "list", "ruleset")).toBe("");
  });

  live.test.each([{ markMasqBit: 32 }, { markMasqBit: -1 }, { backend: "ipfw" }, { snat: "yes" }])(
    "is refused with %j",
    (keys) => {
      using host = new Host();
      expect(host.network(network(keys)).refuse("web", publishing(web()))).toMatchObject({ code: 7 });
    },
  );

  live.test.each([{ externalSetMarkChain: "KUBE-MARK-MASQ" }, { backend: "nftables" }, { markMasqBit: 0 }])(
    "works the same with %j",
    async (keys) => {
      using host = new Host();
      const container = host.network(network(keys)).add("web", publishing(web()));
      using _web = await serve(container.namespace, { port: 80, name: "web" });
      expect(await at("127.0.0.1", host.namespace)).toEqual({ from: "web", client: "10.1.2.1" });
      expect(await at(hostAddress.v4, container.namespace)).toEqual({ from: "web", client: "10.1.2.1" });
    },
  );
});

live.describe("the source that the container sees", () => {
  live.test("is the host for everybody with masqAll", async () => {
    using host = new Host();
    const container = host
      .network(network({ masqAll: true }, { subnets: BOTH }))
      .add("web", publishing(web()));
    using _web = await serve(container.namespace, { port: 80, name: "web" });
    expect(await at(hostAddress.v4, host.outside)).toEqual({ from: "web", client: "10.1.2.1" });
    expect(await at(hostAddress.v6, host.outside)).toEqual({ from: "web", client: "fd00:1:2::1" });
    expect(await at("127.0.0.1", host.namespace)).toEqual({ from: "web", client: "10.1.2.1" });
    expect(await ask(host.namespace, { address: "10.1.2.2", port: 80 })).toMatchObject({
      client: "10.1.2.1",
    });
  });

  live.test("is everybody's own without snat, and 127.0.0.1 is not answered", async () => {
    using host = new Host();
    const container = host.network(network({ snat: false })).add("web", publishing(web()));
    using _web = await serve(container.namespace, { port: 80, name: "web" });
    expect(await at(hostAddress.v4, host.outside)).toEqual({ from: "web", client: outsideAddress.v4 });
    expect(await at("127.0.0.1", host.namespace)).toBeUndefined();
    expect(await at(hostAddress.v4, container.namespace)).toBeUndefined();
    expect(elements(host.namespace, "published4")).toEqual([]);
    container.check();
    container.del();
    expect(all(host, PUBLISHING)).toEqual([]);
  });

  live.test("is a neighbour's own where the host sees what passes its bridges", async () => {
    using host = new Host();
    const net = host.network(network());
    const container = net.add("web", publishing(web()));
    const neighbour = net.add("neighbour");
    using _web = await serve(container.namespace, { port: 80, name: "web" });
    const seen: unknown[] = [];
    for (const filtered of ["1", "0"]) {
      setSysctl(host.namespace, "net/bridge/bridge-nf-call-iptables", filtered);
      seen.push(await at(hostAddress.v4, neighbour.namespace));
    }
    expect(seen).toEqual([
      { from: "web", client: "10.1.2.3" },
      { from: "web", client: "10.1.2.1" },
    ]);
  });
});

live.describe("a port", () => {
  mixed.test(
    "of a container whose pair Go's bridge made is refused to others while it lives, and then free",
    async () => {
      using host = new Host(mixedPlugins());
      const net = host.network(network({}, { cniVersion: "1.0.0" }));
      const first = net.add("first", publishing(web()));
      const { code, msg } = net.refuse("second", publishing(web()));
      expect({ code, msg }).toMatchObject({ code: 999, msg: expect.stringContaining("net first eth0") });
      first.check();
      program(host.namespace, "ip", "link", "delete", first.hostLink);
      const third = net.add("third", publishing(web()));
      third.check();
      using _web = await serve(third.namespace, { port: 80, name: "third" });
      expect(await at(hostAddress.v4, host.outside)).toMatchObject({ from: "third" });
      rmSync(host.plugins, { recursive: true });
    },
  );

  live.test("of a container without a link on the host stays its own until DEL", () => {
    using host = new Host();
    const onlyPortmap = host.network({ cniVersion: "1.0.0", name: "lan", plugins: [portmap()] });
    const result = (address: string) => ({
      cniVersion: "1.0.0",
      interfaces: [{ name: "eth0", mac: "02:00:00:00:00:01", sandbox: "/run/netns/x" }],
      ips: [{ address, interface: 0 }],
    });
    const first = onlyPortmap.container("first", publishing(web()));
    first.addTo(result("192.0.2.77/24"));
    const second = onlyPortmap.container("second", publishing(web()));
    second.remember(result("192.0.2.78/24"));
    expect(() => second.addTo(result("192.0.2.78/24"))).toThrow(
      "it is taken by the container lan first eth0",
    );
    bare(first).del();
    second.addTo(result("192.0.2.78/24"));
    second.check();
  });

  live.test("may be two networks' of one container, and each DEL takes its own", () => {
    using host = new Host();
    const one = host.network(network());
    const two = host.network(
      network(
        {},
        { name: "two", subnets: ["10.1.3.0/24"], bridge: { isDefaultGateway: false, isGateway: true } },
      ),
    );
    const first = one.add("web", publishing(web()));
    const second = two.add("web", {
      ...publishing(web({ hostPort: 9090 })),
      ifname: "eth1",
      namespace: first.namespace,
    });
    first.check();
    second.check();
    first.del();
    second.check();
    expect(all(host, PUBLISHING).every((element) => element.includes("net: two, if: eth1, id: web"))).toBe(
      true,
    );
    second.del();
    expect(all(host, PUBLISHING)).toEqual([]);
  });
});

live.describe("DEL", () => {
  live.test("removes everything without result and ports, any number of times, and nothing of others", () => {
    using host = new Host();
    const net = host.network(network({}, { subnets: BOTH, bridge: { ipMasq: true } }));
    const first = net.add("first", publishing(web(), web({ hostPort: 5353, protocol: "udp" })));
    const second = net.add("second", publishing(web({ hostPort: 9090 })));
    const [, plugin] = net.configuration.plugins;
    const onlyPortmap = host.network({ ...net.configuration, plugins: [plugin!] });
    const nothingKnown = onlyPortmap.container("first", { namespace: first.namespace });
    nothingKnown.del();
    nothingKnown.del();
    expect(all(host, PUBLISHING).filter((element) => !element.includes("id: second"))).toEqual([]);
    // What masquerades it is the bridge's.
    expect(all(host, MASQUERADING)).toHaveLength(8);
    first.del();
    expect(all(host, MASQUERADING)).toHaveLength(4);
    second.check();
  });

  live.test("without ports lets a UDP client reach the container that has the port next", async () => {
    using host = new Host();
    const net = host.network(network());
    const ports = publishing(web({ protocol: "udp" }), web({ hostPort: 9090, protocol: "udp" }));
    const old = net.add("old", ports);
    using _old = await serve(old.namespace, { protocol: "udp", port: 80, name: "old" });
    using client = await udpClient(host.outside, { address: hostAddress.v4, port: 8080 });
    expect(await client.ask()).toMatchObject({ from: "old" });
    const onlyPortmap = host.network({ ...net.configuration, plugins: [portmap()] });
    onlyPortmap.container("old", { namespace: old.namespace }).del();
    const next = net.add("next", ports);
    using _next = await serve(next.namespace, { protocol: "udp", port: 80, name: "next" });
    expect(await client.ask()).toMatchObject({ from: "next" });
  });

  live.test("works when the namespace has ended", () => {
    using host = new Host();
    const container = host.network(network()).add("web", publishing(web()));
    host.end(container.namespace);
    container.del();
    expect(all(host, PUBLISHING)).toEqual([]);
  });
});

const conntrack = needs("namespaces", "program:nft", "program:ip", "program:conntrack");

conntrack.test("only flows of UDP to the ports of the container are forgotten", async () => {
  using host = new Host();
  const net = host.network(network());
  const other = net.add(
    "other",
    publishing(web({ hostPort: 9000 }), web({ hostPort: 9000, protocol: "udp" })),
  );
  using _tcp = await serve(other.namespace, { port: 80, name: "other" });
  using _udp = await serve(other.namespace, { protocol: "udp", port: 80, name: "other" });
  await ask(host.outside, { address: hostAddress.v4, port: 9000 });
  await ask(host.outside, { address: hostAddress.v4, port: 9000, protocol: "udp" });
  const flows = () =>
    program(host.namespace, "conntrack", "-L")
      .split("\n")
      .filter((line) => / dport=9000 /.test(line))
      .map((line) => line.slice(0, 3))
      .sort();
  expect([...new Set(flows())]).toEqual(["tcp", "udp"]);
  const many = Array.from({ length: 20 }, (_, index) => web({ hostPort: 9100 + index, protocol: "udp" }));
  for (const ports of [[web({ protocol: "udp" })], many]) {
    const container = net.add(`web${ports.length}`, publishing(...ports));
    container.del();
    expect([...new Set(flows())]).toEqual(["tcp", "udp"]);
  }
});

live.describe("GC", () => {
  live.test("removes the ports of attachments of its network that are not valid", () => {
    using host = new Host();
    const net = host.network(network());
    const other = host.network(network({}, { name: "other", subnets: ["10.1.3.0/24"] }));
    const [kept] = [net.add("kept", publishing(web())), net.add("gone", publishing(web({ hostPort: 9090 })))];
    const elsewhere = other.add("gone", publishing(web({ hostPort: 9091 })));
    net.gc([kept]);
    expect(elements(host.namespace, "anyports4").map((each) => each.split(" comment")[0])).toEqual([
      "tcp . 8080",
      "tcp . 9091",
    ]);
    kept.check();
    elsewhere.check();
  });
});

live.describe("CHECK", () => {
  const broken: Record<string, [command: string, words: string]> = {
    "a port": [
      "delete element inet flatnet anyports4 { tcp . 8080 }",
      "port 0.0.0.0:8080/tcp is missing in anyports4",
    ],
    "an address": [
      'delete element inet flatnet published4 { 10.1.2.2 . "br-net" }',
      "address 10.1.2.2 is missing in published4",
    ],
    rules: ["flush chain inet flatnet postrouting", "the chain postrouting has 0 of 9 rules"],
    everything: ["delete table inet flatnet", "port 0.0.0.0:8080/tcp is missing in anyports4"],
  };

  live.test.each(Object.entries(broken))("names %s that is missing", (_, [command, words]) => {
    using host = new Host();
    const container = host.network(network()).add("web", publishing(web()));
    program(host.namespace, "nft", command);
    const { code, msg } = container.refused("CHECK");
    expect({ code, msg }).toMatchObject({ code: 999, msg: expect.stringContaining(words) });
  });

  live.test("names loopback routing that is off", () => {
    using host = new Host();
    const container = host.network(network()).add("web", publishing(web()));
    setSysctl(host.namespace, "net/ipv4/conf/br-net/route_localnet", "0");
    expect(container.refused("CHECK").msg).toContain("net/ipv4/conf/br-net/route_localnet is 0");
  });

  live.test("of a result before interfaces were named", () => {
    using host = new Host();
    const container = host
      .network(network({}, { cniVersion: "0.4.0" }))
      .add("web", publishing(web(), web({ hostIP: hostAddress.v4 })));
    container.check();
  });
});

live.describe("STATUS", () => {
  live.test("is content with a plain host, and with chains that let something pass", () => {
    using host = new Host();
    const net = host.network(network());
    expect(net.status().exit).toBe(0);
    program(
      host.namespace,
      "nft",
      "add table inet own; add chain inet own FORWARD { type filter hook forward priority 0; policy drop; }; add rule inet own FORWARD ct status dnat accept",
    );
    const onlyPortmap = host.network({ ...net.configuration, plugins: [portmap()] });
    expect(onlyPortmap.status().exit).toBe(0);
  });

  live.test("says which chain drops all that is forwarded, and how to let ports through", () => {
    using host = new Host();
    program(
      host.namespace,
      "nft",
      "add table inet own; add chain inet own FORWARD { type filter hook forward priority 0; policy drop; }",
    );
    const onlyPortmap = host.network({ ...network(), plugins: [portmap()] });
    const { exit, stdout } = onlyPortmap.status();
    expect(exit).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      code: 50,
      msg: expect.stringContaining("nft insert rule inet own FORWARD iifname BRIDGE accept"),
    });
  });
});

live.test("the list of rules can be read by nft again, with the longest names", () => {
  using host = new Host();
  const name = "n".repeat(120);
  const id = "c".repeat(200);
  const net = host.network({
    ...network(
      { conditionsV6: ["-i", "uplink+"] },
      { subnets: BOTH, bridge: { bridge: "br-long", ipMasq: true } },
    ),
    name,
  });
  const container = net.add(id, publishing(web()));
  expect(() => program(host.namespace, "sh", "-c", "nft list ruleset | nft -c -f -")).not.toThrow();
  container.check();
  const sibling = net.add(`${id}d`, publishing(web({ hostPort: 9090 })));
  container.del();
  sibling.check();
  net.gc([]);
  expect(all(host, PUBLISHING)).toEqual([]);
});

live.test("a container may publish thousands of ports", () => {
  using host = new Host();
  const ports = Array.from({ length: 5000 }, (_, index) =>
    web({ hostPort: 20000 + index, containerPort: 20000 + index }),
  );
  const container = host.network(network({}, { subnets: BOTH })).add("web", publishing(...ports));
  container.check();
  container.del();
  expect(all(host, PUBLISHING)).toEqual([]);
  expect(vethNames(host.namespace)).toEqual([]);
});
