/** Every key of `flatnet`: what each changes, and what is refused. */
import { expect } from "bun:test";
import { needs } from "../../needs.ts";
import { callPlugin } from "../call.ts";
import { Host, hostAddress, outsideAddress } from "../host.ts";
import { addresses, link, links, program, routes, ruleset, sysctl } from "../kernel.ts";
import { ask, serve } from "../talk.ts";
import { dualStack, flatnet } from "./configuration.ts";

const live = needs("namespaces", "program:ip");
const shown = needs("namespaces", "program:ip", "program:nft");

/** The hairpin option of a bridge port, as iproute2 shows it. */
const hairpin = (host: Host, port: string): unknown =>
  link(host.namespace, port).linkinfo?.info_slave_data?.hairpin;

live.describe("the key", () => {
  live.test("bridge names the bridge", () => {
    using host = new Host();
    const { result } = host.network(flatnet({ bridge: "lan" })).add("web");
    expect(result.interfaces?.[0]?.name).toBe("lan");
    expect(addresses(host.namespace, "lan")).toEqual(["10.87.1.1/24"]);
  });

  live.test("mtu goes to bridge and both ends", () => {
    using host = new Host();
    const { namespace, hostLink } = host.network(flatnet({ mtu: 1400 })).add("web");
    expect(link(host.namespace, "flatnet-br0").mtu).toBe(1400);
    expect(link(host.namespace, hostLink).mtu).toBe(1400);
    expect(link(namespace, "eth0").mtu).toBe(1400);
  });

  live.test("isGateway, when false, leaves host and routes alone", () => {
    using host = new Host();
    const { namespace, result } = host.network(flatnet({ isGateway: false })).add("web");
    expect(addresses(host.namespace, "flatnet-br0")).toEqual([]);
    expect(sysctl(host.namespace, "net/ipv4/ip_forward")).toBe("0");
    expect(result.routes).toBeUndefined();
    expect(routes(namespace)).toEqual(["10.87.1.0/24 dev eth0 proto kernel scope link src 10.87.1.2"]);
  });

  live.test("ipMasq, when false, lets the outside see the container's own address", async () => {
    using host = new Host();
    const web = host.network(flatnet({ ipMasq: false })).add("web");
    using _server = await serve(host.outside, { port: 7000, name: "outside" });
    const question = { address: outsideAddress.v4, port: 7000, patience: 200 };
    // The outside has no route back.
    expect(await ask(web.namespace, question)).toBeUndefined();
    program(host.outside, "ip", "route", "add", "10.87.1.0/24", "via", hostAddress.v4);
    expect(await ask(web.namespace, question)).toEqual({ from: "outside", client: web.address() });
  });

  live.test("hairpinMode is on unless it is false", () => {
    using host = new Host();
    expect(hairpin(host, host.network(flatnet()).add("a").hostLink)).toBe(true);
    expect(hairpin(host, host.network(flatnet({ hairpinMode: false })).add("b").hostLink)).toBe(false);
  });

  live.test("hostId gives each numbered host a subnet of its own", () => {
    using host = new Host();
    const network = host.network(flatnet({ hostId: 7 }));
    expect([network.add("a").address(), network.add("b").address()]).toEqual(["10.100.7.10", "10.100.7.11"]);
    expect(addresses(host.namespace, "flatnet-br0")).toEqual(["10.100.7.1/24"]);
  });

  live.test.each([
    [{ hostId: 0 }, "hostId: wanted an integer from 1 to 254, found 0"],
    [{ hostId: 255 }, "hostId: wanted an integer from 1 to 254, found 255"],
    [{ hostId: 7, ...dualStack }, '"hostId" stands for a subnet'],
    [{ mtu: "1400" }, 'mtu: wanted an integer from 0 to 65535, found "1400" (remove the quotes)'],
    [{ bridge: "a/b" }, "bridge: wanted an interface name"],
    [{ bridge: "sixteen-letters-" }, "bridge: wanted an interface name"],
    [{ ipMasq: "true" }, 'ipMasq: wanted true or false, found "true" (remove the quotes)'],
    [{ vlan: 4095 }, "vlan: wanted an integer from 0 to 4094, found 4095"],
    [{ ipam: { subnet: "10.87.1.1/24" } }, "10.87.1.1/24 has bits set after its prefix (write 10.87.1.0/24)"],
  ])("%j is refused with its name", (keys, sentence) => {
    using host = new Host();
    const { code, msg } = host.network(flatnet(keys)).refuse("web");
    expect(code).toBe(7);
    expect(msg).toContain(sentence);
    expect(links(host.namespace)).toHaveLength(2);
    expect(host.leases("flatnet")).toEqual([]);
  });

  live.test("vlan needs a kernel whose bridges filter VLANs, and says so", () => {
    using host = new Host();
    const { code, msg, details } = host.network(flatnet({ vlan: 100 })).refuse("web");
    expect(code).toBe(999);
    expect(msg).toContain("this kernel has no bridges with VLAN filtering (CONFIG_BRIDGE_VLAN_FILTERING)");
    expect(details).toContain("EOPNOTSUPP");
    expect(links(host.namespace)).toHaveLength(2);
    expect(host.leases("flatnet")).toEqual([]);
  });

  live.test("ipam takes the keys of host-local", () => {
    using host = new Host();
    const range = { subnet: "10.9.0.0/16", rangeStart: "10.9.3.7", gateway: "10.9.255.254" };
    const ipam = { ranges: [[range]], routes: [{ dst: "10.0.0.0/8" }] };
    const { namespace, result } = host.network(flatnet({ ipam })).add("web");
    expect(result.ips).toEqual([{ address: "10.9.3.7/16", gateway: "10.9.255.254", interface: 2 }]);
    expect(routes(namespace)).toContain("10.0.0.0/8 via 10.9.255.254 dev eth0");
    expect(routes(namespace)).toContain("default via 10.9.255.254 dev eth0");
    expect(addresses(host.namespace, "flatnet-br0")).toEqual(["10.9.255.254/16"]);
  });

  live.test("ipam names another IPAM plugin", () => {
    using host = new Host();
    const ipam = { type: "host-local", subnet: "10.9.0.0/16", dataDir: "/var/lib/elsewhere" };
    const web = host.network(flatnet({ ipam })).add("web");
    expect(Object.keys(host.files())).toContain("elsewhere/flatnet/10.9.0.2");
    web.del();
    expect(Object.keys(host.files())).not.toContain("elsewhere/flatnet/10.9.0.2");
  });

  live.test("dns goes into the result", () => {
    using host = new Host();
    const dns = {
      nameservers: ["192.0.2.53"],
      domain: "example",
      search: ["a.example"],
      options: ["ndots:2"],
    };
    expect(host.network(flatnet({ dns })).add("web").result.dns).toEqual(dns);
  });
});

live.test("keys count in any letter case", () => {
  using host = new Host();
  const config = { type: "flatnet", cniVersion: "1.0.0", NAME: "net", IPAM: { Subnet: "10.9.0.0/16" } };
  const subject = { containerId: "web", ifname: "eth0", netns: host.container().path };
  const { stdout } = callPlugin(host, "ADD", config, subject);
  expect(JSON.parse(stdout)).toMatchObject({ ips: [{ address: "10.9.0.2/16", gateway: "10.9.0.1" }] });
  expect(host.leases("net")).toEqual(["10.9.0.2"]);
});

live.test.each(["constructor", "__proto__", "toString"])("a link may be called %s", (name) => {
  using host = new Host();
  const web = host.network(flatnet({ bridge: name })).add("web", { ifname: name });
  web.check();
  web.del();
});

live.test("an IPAM plugin that asks for addresses itself is refused", () => {
  using host = new Host();
  const { msg } = host.network(flatnet({ ipam: { type: "flatnet" } })).refuse("web");
  expect(msg).toContain("it gives no addresses; set ipam.type to an IPAM plugin");
  expect(links(host.namespace)).toHaveLength(2);
});

live.test("a container has several interfaces, each with an address of its own", () => {
  using host = new Host();
  const network = host.network(flatnet({ isGateway: false }));
  const eth0 = network.add("web");
  const net1 = network.add("web", { namespace: eth0.namespace, ifname: "net1" });
  expect([addresses(eth0.namespace, "eth0"), addresses(eth0.namespace, "net1")]).toEqual([
    ["10.87.1.2/24"],
    ["10.87.1.3/24"],
  ]);
  net1.del();
  eth0.check();
  expect(host.leases("flatnet")).toEqual(["10.87.1.2"]);
});

shown.test("an interface that is there already is not replaced", () => {
  using host = new Host();
  const network = host.network(flatnet());
  const web = network.add("web");
  const rules = ruleset(host.namespace);
  const { msg } = network.refuse("other", { namespace: web.namespace });
  expect(msg).toContain("the container has an interface eth0 already");
  expect(ruleset(host.namespace)).toBe(rules);
  expect(host.leases("flatnet")).toEqual(["10.87.1.2"]);
  web.check();
});

live.test("a bridge's name that something else has is refused", () => {
  using host = new Host();
  const { msg } = host.network(flatnet({ bridge: "uplink0" })).refuse("web");
  expect(msg).toContain("there is a link of this name that is not a bridge but veth");
  expect(host.leases("flatnet")).toEqual([]);
});

live.test("a bridge with another subnet's gateway is not taken over", () => {
  using host = new Host();
  host.network(flatnet()).add("web");
  const other = { ...flatnet({ hostId: 7 }), name: "other" };
  const { msg } = host.network(other).refuse("shop");
  expect(msg).toContain("flatnet-br0 has the address 10.87.1.1/24 already");
  expect(addresses(host.namespace, "flatnet-br0")).toEqual(["10.87.1.1/24"]);
  expect(host.leases("other")).toEqual([]);
});
