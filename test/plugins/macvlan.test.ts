/** `macvlan` as a runtime drives it: what a container reaches, masters, errors, and what an ADD that fails leaves. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import { type Configuration, errorOf } from "./call.ts";
import { Host, outsideAddress } from "./host.ts";
import { addresses, ip, link, links, program, routes, sysctl } from "./kernel.ts";
import { ask, serve } from "./talk.ts";

const live = needs("namespaces", "link:macvlan", "program:ip");

const range = { type: "host-local", subnet: "192.0.2.0/24", rangeStart: "192.0.2.10" };
const dual = {
  type: "host-local",
  ranges: [
    [{ subnet: "192.0.2.0/24", rangeStart: "192.0.2.10" }],
    [{ subnet: "2001:db8::/64", rangeStart: "2001:db8::10" }],
  ],
};

const macvlan = (keys: object = {}, name = "net"): Configuration => ({
  cniVersion: "1.1.0",
  name,
  plugins: [{ type: "macvlan", master: "uplink0", ipam: range, ...keys }],
});

/** What iproute2 shows of the kind's own. */
const dataOf = (at: Parameters<typeof link>[0], name = "eth0") => link(at, name).linkinfo?.info_data;

/** The index of a link's master, and whether it is in another namespace. */
function masterIndex(at: Parameters<typeof link>[0]) {
  const [shown] = ip<{ link_index?: number; link?: string; link_netnsid?: number }>(
    at,
    "link",
    "show",
    "eth0",
  );
  return shown;
}

live.describe("macvlan", () => {
  live.test("containers reach one another and the outside, in both families", async () => {
    using host = new Host();
    const network = host.network(macvlan({ ipam: dual }));
    const [web, shop] = [network.add("web"), network.add("shop")];
    using _web = await serve(web.namespace, { port: 7000, name: "web" });
    using _outside = await serve(host.outside, { port: 7000, name: "outside" });
    for (const family of [4, 6] as const)
      expect(await ask(shop.namespace, { address: web.address(family), port: 7000 })).toEqual({
        from: "web",
        client: shop.address(family),
      });
    for (const address of [outsideAddress.v4, outsideAddress.v6])
      expect(await ask(shop.namespace, { address, port: 7000 })).toMatchObject({ from: "outside" });
  });

  live.test("takes a master by an alternative name", () => {
    using host = new Host();
    program(
      host.namespace,
      "ip",
      "link",
      "property",
      "add",
      "dev",
      "uplink0",
      "altname",
      "the-cable-to-the-outside",
    );
    const web = host.network(macvlan({ master: "the-cable-to-the-outside" })).add("web");
    expect(addresses(web.namespace, "eth0")).toEqual(["192.0.2.10/24"]);
    web.check();
  });

  live.test.each([
    ["IPv4", "192.0.2.2"],
    ["IPv6", "2001:db8::2"],
  ])("takes the link of the default route of %s", (_, gateway) => {
    using host = new Host();
    program(host.namespace, "ip", "link", "add", "aaa", "type", "bridge");
    program(host.namespace, "ip", "route", "add", "default", "via", gateway);
    const web = host.network(macvlan({ master: undefined })).add("web");
    const [uplink] = ip<{ ifindex: number }>(host.namespace, "link", "show", "uplink0");
    expect(masterIndex(web.namespace)?.link_index).toBe(uplink!.ifindex);
    // The default route may lead elsewhere later.
    program(host.namespace, "ip", "route", "delete", "default", "via", gateway);
    web.check();
    web.del();
  });

  live.test.each([
    ["named", { master: "net0" }],
    ["of the default route", { master: undefined }],
  ])("linkInContainer takes the link of the container, %s", (_, keys) => {
    using host = new Host();
    const namespace = host.container();
    program(namespace, "ip", "link", "add", "net0", "type", "veth", "peer", "name", "net1");
    program(namespace, "ip", "address", "add", "192.0.2.9/24", "dev", "net0");
    program(namespace, "ip", "link", "set", "net0", "up");
    program(namespace, "ip", "route", "add", "default", "via", "192.0.2.2");
    const network = host.network(macvlan({ ...keys, linkInContainer: true }));
    const web = network.add("web", { namespace });
    expect(masterIndex(namespace)).toMatchObject({ link: "net0" });
    web.check();
    expect(network.status().exit).toBe(0);
    web.del();
    expect(links(namespace).map(({ ifname }) => ifname)).toEqual(["lo", "net1", "net0"]);
  });

  live.test("bcqueuelen is how many broadcasts may wait", () => {
    using host = new Host();
    const web = host.network(macvlan({ bcqueuelen: 77 })).add("web");
    expect(dataOf(web.namespace)).toMatchObject({ bcqueuelen: 77 });
    web.check();
  });

  live.test("neighbours are told of its addresses, and detection of duplicates is left to the kernel", () => {
    using host = new Host();
    const { namespace } = host.network(macvlan({ ipam: dual })).add("web");
    expect(sysctl(namespace, "net/ipv4/conf/eth0/arp_notify")).toBe("1");
    expect(sysctl(namespace, "net/ipv6/conf/eth0/ndisc_notify")).toBe("1");
    expect(sysctl(namespace, "net/ipv6/conf/eth0/accept_dad")).toBe("1");
  });

  live.test("routes have their MTU and segment size", () => {
    using host = new Host();
    const ipam = { ...range, routes: [{ dst: "198.51.100.0/24", mtu: 1400, advmss: 1300 }] };
    const web = host.network(macvlan({ ipam })).add("web");
    expect(routes(web.namespace)).toContain("198.51.100.0/24 via 192.0.2.1 dev eth0 mtu 1400 advmss 1300");
  });

  live.test("an ADD that fails on its last steps leaves no link and no lease", () => {
    using host = new Host();
    const ipam = { ...range, routes: [{ dst: "10.0.0.0/8", gw: "203.0.113.1" }] };
    const web = host.network(macvlan({ ipam })).container("web");
    expect(web.refused("ADD").msg).toContain("make the route to 10.0.0.0/8");
    expect(links(web.namespace).map(({ ifname }) => ifname)).toEqual(["lo"]);
    expect(host.leases("net")).toEqual([]);
  });

  live.test("DEL after an ADD that was refused leaves the interface of the other network", () => {
    using host = new Host();
    const first = host.network(macvlan()).add("web");
    const second = host.network(macvlan({}, "other")).container("web", { namespace: first.namespace });
    expect(second.refused("ADD")).toMatchObject({
      code: 999,
      msg: "create the macvlan link eth0: the container has an interface eth0 already; is it attached already? Call DEL first, or give another CNI_IFNAME",
    });
    second.del();
    first.check();
    program(first.namespace, "ip", "link", "set", "eth0", "alias", "");
    // Somebody else's link of the kind is taken for one that the reference plugin made.
    first.del();
    expect(links(first.namespace).map(({ ifname }) => ifname)).toEqual(["lo"]);
  });

  live.test("DEL needs no master, no namespace, and no valid configuration", () => {
    using host = new Host();
    program(host.namespace, "ip", "link", "add", "up1", "type", "veth", "peer", "name", "up2");
    const [web, shop] = [1, 2].map((id) => host.network(macvlan({ master: "up1" })).add(`c${id}`));
    const broken = host.network(macvlan({ master: 7, mode: "open", mtu: -1 }));
    broken.container("c1", { namespace: web!.namespace }).del();
    expect(links(web!.namespace).map(({ ifname }) => ifname)).toEqual(["lo"]);
    program(host.namespace, "ip", "link", "delete", "up1");
    shop!.del();
    shop!.del();
    expect(host.leases("net")).toEqual([]);
    const lost = host.network(macvlan()).add("lost");
    host.end(lost.namespace);
    lost.del();
    expect(host.leases("net")).toEqual([]);
  });

  live.test("CHECK names every difference", () => {
    using host = new Host();
    const web = host.network(macvlan({ mtu: 1400, mode: "private", ipam: dual })).add("web");
    web.check();
    program(web.namespace, "sh", "-ec", "ip link set eth0 type macvlan mode vepa; ip link set eth0 mtu 1300");
    program(web.namespace, "sh", "-ec", "ip link set eth0 down; ip link set eth0 address 02:00:00:00:00:01");
    const { msg } = web.refused("CHECK");
    for (const words of [
      "macvlan link eth0: its mode is vepa, not private",
      "macvlan link eth0: its address is 02:00:00:00:00:01, not",
      "macvlan link eth0: its mtu is 1300, not 1400",
      "eth0 up: it is down",
    ])
      expect(msg).toContain(words);
  });

  live.test("CHECK names another master, and a link of another kind", () => {
    using host = new Host();
    program(host.namespace, "ip", "link", "add", "up1", "type", "veth", "peer", "name", "up2");
    const web = host.network(macvlan()).add("web");
    const other = host.network(macvlan({ master: "up1" })).container("web", { namespace: web.namespace });
    other.remember(web.result);
    expect(other.refused("CHECK").msg).toContain("macvlan link eth0: up1 is not its master");
    program(web.namespace, "sh", "-ec", "ip link delete eth0; ip link add eth0 type bridge");
    expect(web.refused("CHECK").msg).toContain("macvlan link eth0: it is not of this kind but bridge");
  });

  live.test("STATUS misses a master, and leaves no link behind", () => {
    using host = new Host();
    const before = links(host.namespace).length;
    expect(host.network(macvlan()).status()).toEqual({ exit: 0, stdout: "", stderr: "" });
    expect(errorOf(host.network(macvlan({ master: "nosuch0" })).status())).toMatchObject({
      code: 50,
      msg: expect.stringContaining("find the master nosuch0: there is no such link on the host"),
    });
    expect(errorOf(host.network(macvlan({ master: undefined })).status()).msg).toContain(
      'there is no default route; give the name of a link in "master"',
    );
    expect(links(host.namespace)).toHaveLength(before);
  });

  live.test("GC gives back the leases of attachments that it is not told of", () => {
    using host = new Host();
    const network = host.network(macvlan());
    const [web, lost] = [network.add("web"), network.add("lost")];
    host.end(lost.namespace);
    network.gc([web]);
    expect(host.leases("net")).toEqual([web.address()]);
    web.check();
  });
});
