/** `bridge` as a runtime drives it: every key that this kernel can show, its errors, and what an ADD that fails leaves. */
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { lacking } from "../../features.ts";
import { needs } from "../../needs.ts";
import { Host, hostAddress, outsideAddress } from "../host.ts";
import { addresses, link, links, program, routes, ruleset, sysctl, vethNames } from "../kernel.ts";
import type { Attachment } from "../network.ts";
import { ask, serve } from "../talk.ts";
import { bridge, dual, range } from "./configuration.ts";

const live = needs("namespaces", "program:ip", "program:nft");

/** How the bridge treats a port, as iproute2 shows it. */
const portOptions = (host: Host, port: string) => link(host.namespace, port).linkinfo?.info_slave_data;

live.describe("bridge", () => {
  live.test("without a key is a container on cni0 without addresses, its interface up", () => {
    using host = new Host();
    const { namespace, result, hostLink } = host.network(bridge()).add("web");
    expect(link(host.namespace, hostLink)).toMatchObject({ master: "cni0", operstate: "UP" });
    expect(link(namespace, "eth0").operstate).toBe("UP");
    expect(addresses(namespace, "eth0")).toEqual([]);
    expect(sysctl(host.namespace, "net/ipv4/ip_forward")).toBe("0");
    expect(result).toMatchObject({ interfaces: [{ name: "cni0" }, { name: hostLink }, { name: "eth0" }] });
    expect(result.ips).toBeUndefined();
  });

  live.test("uses a bridge that is there, and leaves its MTU and address", () => {
    using host = new Host();
    program(host.namespace, "ip", "link", "add", "cni0", "address", "02:00:00:00:00:42", "type", "bridge");
    program(host.namespace, "ip", "link", "set", "cni0", "mtu", "1300");
    host.network(bridge({ mtu: 1400 })).add("web");
    expect(link(host.namespace, "cni0")).toMatchObject({
      mtu: 1300,
      address: "02:00:00:00:00:42",
      operstate: "UP",
    });
  });

  live.test("gives both ends the MTU", () => {
    using host = new Host();
    const { namespace, hostLink } = host.network(bridge({ mtu: 1400 })).add("web");
    expect([link(host.namespace, hostLink).mtu, link(namespace, "eth0").mtu]).toEqual([1400, 1400]);
  });

  live.test("keeps the bridge's link-layer address as containers come and go", () => {
    using host = new Host();
    const network = host.network(bridge());
    const first = network.add("a");
    const { address } = link(host.namespace, "cni0");
    expect(address).not.toBe(link(host.namespace, first.hostLink).address);
    network.add("b");
    first.del();
    expect(link(host.namespace, "cni0").address).toBe(address);
  });

  live.test("keeps the link-layer address of a bridge that is there, when it is the gateway", () => {
    using host = new Host();
    program(host.namespace, "ip", "link", "add", "cni0", "type", "bridge");
    const network = host.network(bridge({ isGateway: true, ipam: range }));
    const first = network.add("a");
    const { address } = link(host.namespace, "cni0");
    // A bridge without an address of its own takes the least of its ports'.
    const port = network.add("b").hostLink;
    program(host.namespace, "ip", "link", "set", port, "address", "02:00:00:00:00:01");
    first.del();
    expect(link(host.namespace, "cni0").address).toBe(address);
    expect(first.result.interfaces?.[0]?.mac).toBe(address);
  });

  live.test.each([
    [{ hairpinMode: true }, { hairpin: true, isolated: false }],
    [{ portIsolation: true }, { hairpin: false, isolated: true }],
    [{}, { hairpin: false, isolated: false }],
  ])("makes the port as %j says", (keys, options) => {
    using host = new Host();
    expect(portOptions(host, host.network(bridge(keys)).add("web").hostLink)).toMatchObject(options);
  });

  live.test("isolated ports reach the host, and not one another", async () => {
    using host = new Host();
    const keys = { isGateway: true, portIsolation: true, ipam: range };
    const network = host.network(bridge(keys));
    const [web, shop] = [network.add("web"), network.add("shop")];
    using _web = await serve(web.namespace, { port: 80, name: "web" });
    expect(await ask(host.namespace, { address: web.address(), port: 80 })).toMatchObject({ from: "web" });
    expect(await ask(shop.namespace, { address: web.address(), port: 80, patience: 200 })).toBeUndefined();
  });

  live.test("promiscMode makes the bridge promiscuous", () => {
    using host = new Host();
    const web = host.network(bridge({ promiscMode: true, ipam: range })).add("web");
    expect(link(host.namespace, "cni0").flags).toContain("PROMISC");
    web.check();
    program(host.namespace, "ip", "link", "set", "cni0", "promisc", "off");
    expect(web.refused("CHECK").msg).toContain("it is not promiscuous");
  });

  live.test("isDefaultGateway makes the host the gateway of both families", () => {
    using host = new Host();
    const { namespace, result } = host.network(bridge({ isDefaultGateway: true, ipam: dual })).add("web");
    expect(addresses(host.namespace, "cni0")).toEqual(["10.1.2.1/24", "fd00:1:2::1/64"]);
    expect(routes(namespace)).toContain("default via 10.1.2.1 dev eth0");
    expect(routes(namespace, 6)).toContain("default via fd00:1:2::1 dev eth0 metric 1024 pref medium");
    expect(result.routes).toEqual([
      { dst: "0.0.0.0/0", gw: "10.1.2.1" },
      { dst: "::/0", gw: "fd00:1:2::1" },
    ]);
  });

  live.test("isDefaultGateway adds no second default route to one from IPAM", () => {
    using host = new Host();
    const ipam = { ...range, routes: [{ dst: "0.0.0.0/0" }] };
    const web = host.network(bridge({ isDefaultGateway: true, ipam })).add("web");
    expect(routes(web.namespace).filter((line) => line.startsWith("default"))).toEqual([
      "default via 10.1.2.1 dev eth0",
    ]);
    web.check();
  });

  live.test("routes carry metric, table, scope and MTU into the kernel", () => {
    using host = new Host();
    const wanted = [
      { dst: "192.168.1.0/24", priority: 77, mtu: 1400, advmss: 1300 },
      { dst: "192.168.2.0/24", table: 100 },
      { dst: "192.168.3.0/24", gw: "10.1.2.9" },
      { dst: "192.168.4.0/24", gw: "0.0.0.0", scope: 253 },
    ];
    const web = host.network(bridge({ isGateway: true, ipam: { ...range, routes: wanted } })).add("web");
    expect(routes(web.namespace)).toEqual(
      expect.arrayContaining([
        "192.168.1.0/24 via 10.1.2.1 dev eth0 metric 77 mtu 1400 advmss 1300",
        "192.168.3.0/24 via 10.1.2.9 dev eth0",
      ]),
    );
    expect(program(web.namespace, "ip", "route", "show", "table", "100")).toBe(
      "192.168.2.0/24 via 10.1.2.1 dev eth0 \n",
    );
    web.check();
  });

  live.test("ipMasq shows containers to the outside under the host's address, in both families", async () => {
    using host = new Host();
    const web = host.network(bridge({ isDefaultGateway: true, ipMasq: true, ipam: dual })).add("web");
    using _server = await serve(host.outside, { port: 7000, name: "outside" });
    for (const family of ["v4", "v6"] as const) {
      expect(await ask(web.namespace, { address: outsideAddress[family], port: 7000 })).toEqual({
        from: "outside",
        client: hostAddress[family],
      });
    }
  });

  live.test("without ipMasq there is no rule", () => {
    using host = new Host();
    host.network(bridge({ isDefaultGateway: true, ipam: range })).add("web");
    expect(ruleset(host.namespace)).toBe("");
  });

  live.test.each([
    ["fails without forceAddress", false],
    ["replaces it with forceAddress", true],
  ])("where the bridge has an address of another subnet, %s", (_, forceAddress) => {
    using host = new Host();
    host.network(bridge({ isGateway: true, ipam: range })).add("web");
    const ipam = { ...range, subnet: "10.5.0.0/24" };
    const other = host.network({ ...bridge({ isGateway: true, forceAddress, ipam }), name: "other" });
    if (forceAddress) other.add("shop").check();
    else expect(other.refuse("shop").msg).toContain("cni0 has the address 10.1.2.1/24 already");
    expect(addresses(host.namespace, "cni0")).toEqual([forceAddress ? "10.5.0.1/24" : "10.1.2.1/24"]);
    expect(host.leases("other")).toHaveLength(forceAddress ? 1 : 0);
  });

  live.test("an ADD that fails puts back the addresses that forceAddress has replaced", () => {
    using host = new Host();
    program(host.namespace, ..."ip link add cni0 address 02:00:00:00:00:42 up type bridge".split(" "));
    // The second is of the first one's subnet, and goes with it.
    for (const address of ["10.9.9.1/24", "10.9.9.2/24", "10.8.8.1/24"])
      program(host.namespace, "ip", "address", "add", address, "brd", "+", "dev", "cni0");
    const shown = () => program(host.namespace, "ip", "-4", "address", "show", "dev", "cni0");
    const before = shown();
    const ipam = { ...range, routes: [{ dst: "192.168.0.0/16", gw: "172.31.0.1" }] };
    const network = host.network(bridge({ isGateway: true, forceAddress: true, ipam }));
    expect(network.refuse("web").msg).toContain("make the route to 192.168.0.0/16 via 172.31.0.1");
    expect(shown()).toBe(before);
    host
      .network(bridge({ isGateway: true, forceAddress: true, ipam: range }))
      .add("web")
      .check();
    expect(addresses(host.namespace, "cni0")).toEqual(["10.1.2.1/24"]);
  });

  live.test("IPv6 gateways of different subnets stand side by side", () => {
    using host = new Host();
    const keys = (subnet: string) => ({ isGateway: true, ipam: { type: "host-local", subnet } });
    host.network(bridge(keys("fd00:1::/64"))).add("a");
    host.network({ ...bridge(keys("fd00:2::/64")), name: "other" }).add("b");
    expect(addresses(host.namespace, "cni0").sort()).toEqual(["fd00:1::1/64", "fd00:2::1/64"]);
    const overlapping = host.network({ ...bridge(keys("fd00:1::/48")), name: "third" });
    expect(overlapping.refuse("c").msg).toContain("cni0 has the address fd00:1::1/64 already");
  });

  live.test("takes the link-layer address from capability, args and CNI_ARGS, in this order", () => {
    using host = new Host();
    const mac = (nth: number): string => `02:00:00:00:00:0${nth}`;
    const args = { cni: { mac: mac(2) } };
    const variable = `MAC=${mac(1)}`;
    const made = [
      host.network(bridge()).add("a", { args: variable }),
      host.network(bridge({ args })).add("b", { args: variable }),
      host.network(bridge({ args })).add("c", { args: variable, runtimeConfig: { mac: mac(3) } }),
    ];
    expect(made.map(({ namespace }) => link(namespace, "eth0").address)).toEqual([mac(1), mac(2), mac(3)]);
  });

  live.test("disableContainerInterface leaves the interface down, and forbids addresses", () => {
    using host = new Host();
    const { namespace } = host.network(bridge({ disableContainerInterface: true })).add("web");
    expect(link(namespace, "eth0").flags).not.toContain("UP");
    const both = host.network(bridge({ disableContainerInterface: true, ipam: range }));
    expect(both.refuse("shop")).toMatchObject({
      code: 7,
      msg: expect.stringContaining("leave out one of the two"),
    });
    expect(host.leases("net")).toEqual([]);
  });

  live.test("hairpinMode and promiscMode exclude each other", () => {
    using host = new Host();
    const { code, msg } = host.network(bridge({ hairpinMode: true, promiscMode: true })).refuse("web");
    expect({ code, msg }).toEqual({ code: 7, msg: expect.stringContaining("exclude each other") });
    expect(links(host.namespace)).toHaveLength(2);
  });

  live.test("enabledad lets the container look for duplicates of its addresses", () => {
    using host = new Host();
    const { namespace } = host.network(bridge({ isGateway: true, enabledad: true, ipam: dual })).add("web");
    expect(sysctl(namespace, "net/ipv6/conf/eth0/accept_dad")).toBe("1");
    expect(sysctl(namespace, "net/ipv6/conf/eth0/enhanced_dad")).toBe("1");
    expect(program(namespace, "ip", "-6", "address", "show", "dev", "eth0", "tentative")).toBe("");
  });

  live.test("enabledad refuses an address that a neighbour has", () => {
    using host = new Host();
    const keys = { isGateway: true, enabledad: true, ipam: dual };
    const first = host.network(bridge(keys)).add("web");
    program(first.namespace, "ip", "address", "add", "fd00:1:2::3/64", "dev", "eth0", "nodad");
    const { msg } = host.network(bridge(keys)).refuse("late");
    expect(msg).toContain("fd00:1:2::3/64 to eth0: another host of the network has it");
    expect(vethNames(host.namespace)).toEqual([first.hostLink]);
    expect(host.leases("net")).toEqual(["10.1.2.2", "fd00:1:2::2"]);
  });

  live.test("macspoofchk drops what is sent from another link-layer address", async () => {
    using host = new Host();
    const network = host.network(bridge({ isGateway: true, macspoofchk: true, ipam: range }));
    const web = network.add("web");
    using _server = await serve(host.namespace, { port: 80, name: "host" });
    const question = { address: "10.1.2.1", port: 80, patience: 200 };
    expect(await ask(web.namespace, question)).toMatchObject({ from: "host" });
    web.check();
    program(web.namespace, "ip", "link", "set", "eth0", "address", "02:00:00:00:00:99");
    expect(await ask(web.namespace, question)).toBeUndefined();
    web.del();
    expect(ruleset(host.namespace)).not.toContain("id: web");
  });

  live.test(
    "macspoofchk allows no address that an earlier interface had, whose ADD or DEL was killed",
    () => {
      using host = new Host();
      const network = host.network(bridge({ macspoofchk: true }));
      const killed = network.add("web");
      program(killed.namespace, "ip", "link", "delete", "eth0");
      const web = network.add("web", { namespace: killed.namespace });
      web.check();
      expect(ruleset(host.namespace)).not.toContain(killed.result.interfaces![2]!.mac);
      expect(ruleset(host.namespace)).toContain(web.result.interfaces![2]!.mac);
    },
  );

  live.test("DEL removes what keys made that have been switched off since the ADD", () => {
    using host = new Host();
    const keys = { isGateway: true, ipam: dual };
    const on = { ...keys, ipMasq: true, macspoofchk: true };
    const attached = ["web", "shop", "blog"].map((id) => host.network(bridge(on)).add(id));
    const [web, shop, blog] = attached as [Attachment, Attachment, Attachment];
    const off = host.network(bridge(keys));
    const again = ({ id, namespace, result }: Attachment) => {
      const attachment = off.container(id, { namespace });
      attachment.remember(result);
      return attachment;
    };
    again(web).del();
    expect(ruleset(host.namespace)).not.toContain("id: web");
    expect(ruleset(host.namespace)).toContain("id: shop");
    host.end(shop.namespace);
    again(shop).del();
    expect(ruleset(host.namespace)).not.toContain("id: shop");
    off.container("blog", { namespace: blog.namespace }).del();
    expect(ruleset(host.namespace)).not.toContain("id: blog");
    expect(host.leases("net")).toEqual([]);
  });

  live.test("a bridge of others that has lost its ports is used again", () => {
    using host = new Host();
    program(host.namespace, "ip", "link", "add", "cni0", "type", "bridge");
    program(host.namespace, "ip", "link", "set", "cni0", "up");
    for (const id of ["a", "b", "c"]) {
      const attachment = host.network(bridge(id === "b" ? { isGateway: true, ipam: range } : {})).add(id);
      attachment.check();
      attachment.del();
      expect(links(host.namespace).filter(({ master }) => master === "cni0")).toEqual([]);
    }
  });

  live.test("CHECK names a route whose table has gone", () => {
    using host = new Host();
    const ipam = { ...range, routes: [{ dst: "192.168.2.0/24", table: 4711 }] };
    const web = host.network(bridge({ isGateway: true, ipam })).add("web");
    web.check();
    program(web.namespace, "ip", "route", "flush", "table", "4711");
    expect(web.refused("CHECK").msg).toContain(
      "route to 192.168.2.0/24 via 10.1.2.1 on eth0: it is not there",
    );
  });

  live.test(
    "the host's end has no IPv6 address, and none is looked for in the container before it is up",
    () => {
      using host = new Host();
      const web = host.network(bridge({ isGateway: true, ipam: dual })).add("web");
      expect(program(host.namespace, "ip", "-6", "address", "show", "dev", web.hostLink)).toBe("");
      expect(program(web.namespace, "ip", "-6", "address", "show", "dev", "eth0", "tentative")).toBe("");
      expect(sysctl(web.namespace, "net/ipv6/conf/eth0/accept_dad")).toBe("0");
    },
  );

  live.test("DEL goes on with keys that an ADD would refuse", () => {
    using host = new Host();
    const { namespace } = host.network(bridge({ ipam: range })).add("web");
    const keys = { ipam: range, vlanTrunk: [{ minID: 5 }] };
    host.network(bridge(keys)).container("web", { namespace, args: "FOO=bar" }).del();
    expect([vethNames(host.namespace), host.leases("net")]).toEqual([[], []]);
  });

  live.test("dns of the configuration goes before that of IPAM", () => {
    using host = new Host();
    writeFileSync(host.file("resolv.conf"), "nameserver 192.0.2.53\nsearch example\n");
    const ipam = { ...range, resolvConf: "/var/lib/resolv.conf" };
    const own = { nameservers: ["192.0.2.54"] };
    expect(host.network(bridge({ ipam })).add("a").result.dns).toEqual({
      nameservers: ["192.0.2.53"],
      search: ["example"],
    });
    expect(host.network(bridge({ ipam, dns: own })).add("b").result.dns).toEqual(own);
  });

  const withoutVlans = [{ vlan: 100 }, { vlanTrunk: [{ id: 5 }] }].map(
    (keys) => [keys, 999, "this kernel has no bridges with VLAN filtering"] as const,
  );

  live.test.each([
    ...(lacking("bridge-vlans") === undefined ? [] : withoutVlans),
    [{ vlan: -100 }, 7, "vlan: wanted an integer from 0 to 4094, found -100"],
    [{ vlan: 5000 }, 7, "vlan: wanted an integer from 0 to 4094, found 5000"],
    [{ vlanTrunk: [{ minID: 5 }] }, 7, "vlanTrunk[0]: minID is given without maxID"],
    [{ vlanTrunk: [{ maxID: 5 }] }, 7, "vlanTrunk[0]: maxID is given without minID"],
    [{ vlanTrunk: [{ id: 3 }, { minID: 9, maxID: 5 }] }, 7, "vlanTrunk[1]: minID 9 is greater than maxID 5"],
    [{ vlanTrunk: [{ id: 4095 }] }, 7, "vlanTrunk[0].id: wanted an integer from 1 to 4094, found 4095"],
    [{ isGateway: "true" }, 7, 'isGateway: wanted true or false, found "true" (remove the quotes)'],
    [{ ipMasqBackend: "ipfw" }, 7, "ipMasqBackend"],
    [{ ipam: { type: "nosuch" } }, 999, 'find the plugin "nosuch": it is not in'],
    [{ ipam: { type: "../host-local" } }, 7, "ipam.type"],
  ])("refuses %j, and leaves nothing", (keys, code, sentence) => {
    using host = new Host();
    const error = host.network(bridge({ ipam: range, ...keys })).refuse("web");
    expect(error).toMatchObject({ code, msg: expect.stringContaining(sentence) });
    expect(links(host.namespace)).toHaveLength(2);
    expect(host.leases("net")).toEqual([]);
  });

  live.test("refuses a result without addresses below 0.3.0, and leaves nothing", () => {
    using host = new Host();
    const { msg } = host.network(bridge({}, "0.2.0")).refuse("web");
    expect(msg).toContain("0.2.0");
    expect(vethNames(host.namespace)).toEqual([]);
  });

  live.test("an ADD that fails after IPAM gives the address back, and the next succeeds", () => {
    using host = new Host();
    const network = host.network(bridge({ isGateway: true, ipam: range }));
    const taken = host.container();
    program(taken, "ip", "link", "add", "eth0", "type", "bridge");
    expect(network.refuse("web", { namespace: taken }).msg).toContain("has an interface eth0 already");
    expect(host.leases("net")).toEqual([]);
    network.add("web").check();
  });

  live.test("CHECK compares without addresses, too", () => {
    using host = new Host();
    const web = host.network(bridge()).add("web");
    web.check();
    program(host.namespace, "ip", "link", "set", web.hostLink, "nomaster");
    expect(web.refused("CHECK").msg).toContain(`${web.hostLink} is no port of cni0`);
  });

  live.test("GC removes links, guards and leases of attachments that it is not told of", () => {
    using host = new Host();
    const keys = { isGateway: true, ipMasq: true, macspoofchk: true, ipam: range };
    const network = host.network(bridge(keys, "1.1.0"));
    const [web, shop] = [network.add("web"), network.add("shop")];
    network.gc([web]);
    expect(vethNames(host.namespace)).toEqual([web.hostLink]);
    expect(host.leases("net")).toEqual([web.address()]);
    expect(ruleset(host.namespace)).not.toContain("id: shop");
    web.check();
    network.gc([]);
    expect(ruleset(host.namespace)).not.toContain("id: web");
    shop.del();
  });
});
