/** `ipvlan`, `vlan` and `dummy` as a runtime drives them, on a kernel that has such links. */
import { expect } from "bun:test";
import type { Namespace } from "../../netlink/socket/namespace.ts";
import { needs } from "../needs.ts";
import { type Configuration, errorOf } from "./call.ts";
import { Host, outsideAddress } from "./host.ts";
import { addresses, ip, link, links, program, routes } from "./kernel.ts";
import { ask, serve } from "./talk.ts";

const ipvlans = needs("namespaces", "link:ipvlan", "program:ip");
const vlans = needs("namespaces", "link:vlan", "program:ip");
const dummies = needs("namespaces", "link:dummy", "program:ip");

const range = { type: "host-local", subnet: "192.0.2.0/24", rangeStart: "192.0.2.10" };

const of =
  (type: string, usual: object) =>
  (keys: object = {}, name = "net"): Configuration => ({
    cniVersion: "1.1.0",
    name,
    plugins: [{ type, ...usual, ...keys }],
  });
const ipvlan = of("ipvlan", { master: "uplink0", ipam: range });
const vlan = of("vlan", { master: "uplink0", vlanId: 42, ipam: range });
const dummy = of("dummy", { ipam: range });

/** A link in the container, with an address, by which its default route goes. */
function withLink(namespace: Namespace): void {
  program(namespace, "ip", "link", "add", "net0", "type", "veth", "peer", "name", "net1");
  program(namespace, "ip", "address", "add", "192.0.2.9/24", "dev", "net0");
  program(namespace, "sh", "-ec", "ip link set net0 up; ip link set net1 up");
  program(namespace, "ip", "route", "add", "default", "via", "192.0.2.2");
}

const shown = (at: Namespace) => ip<{ link?: string }>(at, "link", "show", "eth0")[0];
const names = (at: Namespace) => links(at).map(({ ifname }) => ifname);

ipvlans.describe("ipvlan", () => {
  ipvlans.test("containers reach one another and the outside", async () => {
    using host = new Host();
    const network = host.network(ipvlan());
    const [web, shop] = [network.add("web"), network.add("shop")];
    using _web = await serve(web.namespace, { port: 7000, name: "web" });
    using _outside = await serve(host.outside, { port: 7000, name: "outside" });
    expect(await ask(shop.namespace, { address: web.address(), port: 7000 })).toEqual({
      from: "web",
      client: shop.address(),
    });
    expect(await ask(shop.namespace, { address: outsideAddress.v4, port: 7000 })).toMatchObject({
      from: "outside",
    });
  });

  ipvlans.test("behind another plugin has that one's interface as master, and its addresses", () => {
    using host = new Host();
    const namespace = host.container();
    withLink(namespace);
    const container = host.network(ipvlan({ master: undefined, ipam: undefined, linkInContainer: true }));
    const previous = {
      cniVersion: "1.1.0",
      interfaces: [{ name: "net0", mac: "02:00:00:00:00:01", sandbox: namespace.path }],
      ips: [{ address: "192.0.2.9/24", gateway: "192.0.2.1", interface: 0 }],
      routes: [{ dst: "0.0.0.0/0" }],
    };
    program(namespace, "ip", "address", "flush", "dev", "net0");
    const attachment = chained(host, container.configuration, previous, namespace);
    expect(shown(namespace)).toMatchObject({ link: "net0" });
    expect(addresses(namespace, "eth0")).toEqual(["192.0.2.9/24"]);
    expect(routes(namespace)).toContain("default via 192.0.2.1 dev eth0");
    expect(attachment.result).toMatchObject({
      interfaces: [{ name: "eth0", sandbox: namespace.path }],
      ips: [{ address: "192.0.2.9/24", gateway: "192.0.2.1", interface: 0 }],
    });
    expect(attachment.result.interfaces).toHaveLength(1);
    attachment.check();
    attachment.del();
    expect(names(namespace)).not.toContain("eth0");
  });

  ipvlans.test("behind a plugin with several interfaces asks for the master", () => {
    using host = new Host();
    const namespace = host.container();
    const network = host.network(ipvlan({ master: undefined, ipam: undefined }));
    const previous = {
      cniVersion: "1.1.0",
      interfaces: [
        { name: "cni0", mac: "02:00:00:00:00:01" },
        { name: "veth0", mac: "02:00:00:00:00:02" },
      ],
      ips: [{ address: "192.0.2.9/24" }],
    };
    expect(() => chained(host, network.configuration, previous, namespace)).toThrow(
      'find the master in prevResult: it has 2 interfaces: cni0, veth0; give the name of a link in \\"master\\"',
    );
  });

  ipvlans.test("CHECK names another mode, MTU and master; STATUS a missing master", () => {
    using host = new Host();
    const web = host.network(ipvlan({ mtu: 1400, mode: "l3" })).add("web");
    web.check();
    const other = host.network(ipvlan({ mtu: 1300, mode: "l2" })).container("web", {
      namespace: web.namespace,
    });
    other.remember(web.result);
    const { msg } = other.refused("CHECK");
    expect(msg).toContain("ipvlan link eth0: its mode is l3, not l2");
    expect(msg).toContain("ipvlan link eth0: its mtu is 1400, not 1300");
    expect(host.network(ipvlan()).status()).toEqual({ exit: 0, stdout: "", stderr: "" });
    expect(errorOf(host.network(ipvlan({ master: "nosuch0" })).status()).code).toBe(50);
    // In a chain the master is known at the ADD.
    const inChain = host.network(ipvlan({ master: undefined, ipam: undefined }));
    expect(inChain.status()).toMatchObject({ exit: 0 });
  });

  ipvlans.test("an ADD that fails on its last steps leaves no link and no lease; DEL needs no master", () => {
    using host = new Host();
    const ipam = { ...range, routes: [{ dst: "10.0.0.0/8", gw: "203.0.113.1" }] };
    const failing = host.network(ipvlan({ ipam })).container("failing");
    expect(failing.refused("ADD").msg).toContain("make the route to 10.0.0.0/8");
    expect(names(failing.namespace)).toEqual(["lo"]);
    expect(host.leases("net")).toEqual([]);
    const web = host.network(ipvlan()).add("web");
    host
      .network(ipvlan({ master: undefined, mode: "open" }))
      .container("web", { namespace: web.namespace })
      .del();
    expect(names(web.namespace)).toEqual(["lo"]);
    expect(host.leases("net")).toEqual([]);
  });
});

/** An attachment to a network of one plugin that finds the result of others before it. */
function chained(host: Host, configuration: Configuration, prevResult: object, namespace: Namespace) {
  const [plugin] = configuration.plugins;
  return host.network({ ...configuration, plugins: [{ ...plugin!, prevResult }] }).add("web", { namespace });
}

vlans.describe("vlan", () => {
  vlans.test("frames leave the master with the tag, and come back by it", async () => {
    using host = new Host();
    program(host.outside, "ip", "link", "add", "tagged", "link", "uplink0", "type", "vlan", "id", "42");
    program(host.outside, "sh", "-ec", "ip address add 198.51.100.1/24 dev tagged; ip link set tagged up");
    const ipam = { type: "static", addresses: [{ address: "198.51.100.2/24" }] };
    const web = host.network(vlan({ ipam })).add("web");
    using _outside = await serve(host.outside, { port: 7000, name: "outside" });
    expect(await ask(web.namespace, { address: "198.51.100.1", port: 7000 })).toEqual({
      from: "outside",
      client: "198.51.100.2",
    });
  });

  vlans.test("linkInContainer has its master in the container", () => {
    using host = new Host();
    const namespace = host.container();
    withLink(namespace);
    const web = host.network(vlan({ master: "net0", linkInContainer: true })).add("web", { namespace });
    expect(shown(namespace)).toMatchObject({ link: "net0" });
    web.check();
    web.del();
    expect(names(namespace)).toEqual(["lo", "net1", "net0"]);
  });

  vlans.test("refuses a VLAN that the master has already, and says so", () => {
    using host = new Host();
    const network = host.network(vlan());
    const web = network.add("web");
    expect(network.refuse("shop")).toMatchObject({
      code: 999,
      msg: "create the vlan link eth0: its master has such a link already; give another one, or delete that link",
    });
    web.check();
    expect(host.leases("net")).toEqual([web.address()]);
  });

  vlans.test("an ADD that fails on its last steps leaves no link and no lease", () => {
    using host = new Host();
    const ipam = { ...range, routes: [{ dst: "10.0.0.0/8", gw: "203.0.113.1" }] };
    const web = host.network(vlan({ ipam })).container("web");
    expect(web.refused("ADD").msg).toContain("make the route to 10.0.0.0/8");
    expect(names(web.namespace)).toEqual(["lo"]);
    expect(host.leases("net")).toEqual([]);
  });

  vlans.test("CHECK names another VLAN, MTU and link-layer address", () => {
    using host = new Host();
    const web = host.network(vlan({ mtu: 1400 })).add("web");
    web.check();
    program(
      web.namespace,
      "sh",
      "-ec",
      "ip link set eth0 mtu 1300; ip link set eth0 address 02:00:00:00:00:01",
    );
    const other = host.network(vlan({ mtu: 1400, vlanId: 43 })).container("web", {
      namespace: web.namespace,
    });
    other.remember(web.result);
    const { msg } = other.refused("CHECK");
    for (const words of [
      "its id is 42, not 43",
      "its mtu is 1300, not 1400",
      "its address is 02:00:00:00:00:01",
    ])
      expect(msg).toContain(`vlan link eth0: ${words}`);
  });

  vlans.test("STATUS is content where there is a master, and leaves no link", () => {
    using host = new Host();
    const before = names(host.namespace);
    expect(host.network(vlan()).status()).toEqual({ exit: 0, stdout: "", stderr: "" });
    expect(names(host.namespace)).toEqual(before);
    expect(errorOf(host.network(vlan({ master: "nosuch0" })).status()).code).toBe(50);
  });
});

dummies.describe("dummy", () => {
  dummies.test.each([
    ["IPv4", { type: "host-local", subnet: "10.1.2.0/24" }, ["10.1.2.2/24"]],
    ["IPv6", { type: "host-local", subnet: "fd00:1:2::/64" }, ["fd00:1:2::2/64"]],
    [
      "both",
      { type: "host-local", ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "fd00:1:2::/64" }]] },
      ["10.1.2.2/24", "fd00:1:2::2/64"],
    ],
    [
      "single addresses",
      { type: "static", addresses: [{ address: "10.1.2.5/32" }, { address: "fd00:1:2::5/128" }] },
      ["10.1.2.5/32", "fd00:1:2::5/128"],
    ],
  ])("has addresses of %s and is up, and CHECK and DEL know it", (_, ipam, wanted) => {
    using host = new Host();
    const web = host.network(dummy({ ipam })).add("web");
    expect(addresses(web.namespace, "eth0")).toEqual(wanted);
    expect(link(web.namespace, "eth0")).toMatchObject({ linkinfo: { info_kind: "dummy" } });
    expect(link(web.namespace, "eth0").flags).toContain("UP");
    const { address } = link(web.namespace, "eth0");
    expect(web.result.interfaces).toEqual([{ name: "eth0", mac: address, sandbox: web.namespace.path }]);
    expect(web.result.ips?.map((each) => [each.address, each.interface])).toEqual(
      wanted.map((address) => [address, 0]),
    );
    web.check();
    web.del();
    web.del();
    expect(names(web.namespace)).toEqual(["lo"]);
    expect(host.leases("net")).toEqual([]);
  });

  dummies.test("has routes with their metric, MTU and table", () => {
    using host = new Host();
    const wanted = [
      { dst: "0.0.0.0/0" },
      { dst: "192.168.1.0/24", priority: 77, mtu: 1400, advmss: 1300 },
      { dst: "192.168.2.0/24", table: 100 },
    ];
    const web = host.network(dummy({ ipam: { ...range, routes: wanted } })).add("web");
    expect(routes(web.namespace)).toEqual(
      expect.arrayContaining([
        "default via 192.0.2.1 dev eth0",
        "192.168.1.0/24 via 192.0.2.1 dev eth0 metric 77 mtu 1400 advmss 1300",
      ]),
    );
    web.check();
  });

  dummies.test("takes the resolver settings of IPAM", () => {
    using host = new Host();
    const dns = { nameservers: ["192.0.2.53"] };
    const ipam = { type: "static", addresses: [{ address: "10.1.2.5/32" }], dns };
    expect(host.network(dummy({ ipam })).add("web").result.dns).toEqual(dns);
  });

  dummies.test("does not mind a link of the host with its name, or several containers", () => {
    using host = new Host();
    program(host.namespace, "ip", "link", "add", "eth0", "type", "dummy");
    const network = host.network(dummy());
    for (const each of [network.add("web"), network.add("shop")]) each.check();
    expect(link(host.namespace, "eth0").flags).not.toContain("UP");
  });

  dummies.test("refuses to go without IPAM, and a name that is taken, and leaves nothing", () => {
    using host = new Host();
    expect(host.network(dummy({ ipam: undefined })).refuse("web")).toMatchObject({
      code: 999,
      msg: 'find the plugin "": it has no name; set ipam.type',
    });
    const web = host.network(dummy()).add("web");
    expect(web.refused("ADD").msg).toStartWith(
      "create the dummy link eth0: the container has an interface eth0 already;",
    );
    expect(host.leases("net")).toEqual([web.address()]);
    const other = host.network(dummy({}, "other")).container("web", { namespace: web.namespace });
    other.del();
    web.check();
  });

  dummies.test("CHECK names a link that is down, and an address that is missing", () => {
    using host = new Host();
    const web = host.network(dummy()).add("web");
    program(web.namespace, "sh", "-ec", "ip address flush dev eth0; ip link set eth0 down");
    const { msg } = web.refused("CHECK");
    expect(msg).toContain("eth0 up: it is down");
    expect(msg).toContain("address 192.0.2.10/24 on eth0: it is not there");
  });

  dummies.test("STATUS leaves no link, and GC gives back leases", () => {
    using host = new Host();
    const network = host.network(dummy());
    const before = names(host.namespace);
    expect(network.status()).toEqual({ exit: 0, stdout: "", stderr: "" });
    expect(names(host.namespace)).toEqual(before);
    const [web, lost] = [network.add("web"), network.add("lost")];
    host.end(lost.namespace);
    network.gc([web]);
    expect(host.leases("net")).toEqual([web.address()]);
  });
});
