/** `tap` as a runtime drives it. There is no such plugin in Debian: what it makes is compared with what is documented. */
import { dlopen } from "bun:ffi";
import { expect } from "bun:test";
import { closeSync, openSync } from "node:fs";
import { inside, type Namespace } from "../../netlink/socket/namespace.ts";
import { needs } from "../needs.ts";
import { type Configuration, errorOf } from "./call.ts";
import { Host } from "./host.ts";
import { addresses, link, links, program, routes, sysctl } from "./kernel.ts";

const live = needs("namespaces", "link:tun", "program:ip", "file:/dev/net/tun");

const range = { type: "host-local", subnet: "10.1.2.0/24" };
const dual = { type: "host-local", ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "fd00:1:2::/64" }]] };

const tap = (keys: object = {}, name = "net"): Configuration => ({
  cniVersion: "1.1.0",
  name,
  plugins: [{ type: "tap", capabilities: { mac: true, ips: true }, ...keys }],
});

/** What iproute2 shows of the kind's own. */
const dataOf = (at: Parameters<typeof link>[0]) => link(at, "eth0").linkinfo?.info_data;
const names = (at: Parameters<typeof link>[0]) => links(at).map(({ ifname }) => ifname);

const libc = dlopen("libc.so.6", { ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" } }).symbols;

/** The file of a tap link as a virtual machine has it: TUNSETIFF with IFF_TAP and IFF_NO_PI (linux/if_tun.h). */
function openedBy(at: Namespace, name: string): number {
  const request = Buffer.alloc(40);
  request.write(name);
  request.writeUInt16LE(0x1002, 16);
  return inside(at, () => {
    const tun = openSync("/dev/net/tun", "r+");
    expect(libc.ioctl(tun, 0x400454ca, request)).toBe(0);
    return tun;
  });
}

live.describe("tap", () => {
  live.test("without a key is a persistent tap link that is up and has no addresses", () => {
    using host = new Host();
    const { namespace, result } = host.network(tap()).add("vm");
    const { address, linkinfo, flags } = link(namespace, "eth0");
    expect(linkinfo).toMatchObject({ info_kind: "tun", info_data: { type: "tap", persist: true } });
    expect(linkinfo?.info_data).toMatchObject({ multi_queue: false });
    expect(Object.keys(linkinfo?.info_data ?? {})).not.toContain("user");
    expect(flags).toContain("UP");
    expect(addresses(namespace, "eth0")).toEqual([]);
    expect(result).toEqual({
      cniVersion: "1.1.0",
      interfaces: [{ name: "eth0", mac: address, sandbox: namespace.path }],
    });
  });

  live.test.each([
    [{ owner: 0 }, { user: "root" }],
    [{ group: 0 }, { group: "root" }],
    [
      { owner: 0, group: 0 },
      { user: "root", group: "root" },
    ],
    [{ multiQueue: true }, { multi_queue: true }],
    [
      { multiQueue: true, owner: 0, group: 0 },
      { multi_queue: true, user: "root", group: "root" },
    ],
  ])("%j is in the kernel, and CHECK compares it", (keys, shown) => {
    using host = new Host();
    const vm = host.network(tap(keys)).add("vm");
    expect(dataOf(vm.namespace)).toMatchObject(shown);
    vm.check();
    const other = host.network(tap({ multiQueue: !("multiQueue" in keys), owner: 77 }));
    const asOther = other.container("vm", { namespace: vm.namespace });
    asOther.remember(vm.result);
    const { msg } = asOther.refused("CHECK");
    expect(msg).toContain("tap link eth0: its multiQueue is");
    expect(msg).toMatch(/tap link eth0: its owner is \w+, not 77/);
  });

  live.test("MTU and link-layer address are set with an owner and without", () => {
    using host = new Host();
    for (const [id, keys] of [{}, { owner: 0, group: 0 }].entries()) {
      const { namespace, result } = host
        .network(tap({ mtu: 1400, mac: "02:00:00:00:00:0A", ...keys }))
        .add(`vm${id}`);
      expect(link(namespace, "eth0")).toMatchObject({ mtu: 1400, address: "02:00:00:00:00:0a" });
      expect(result.interfaces?.[0]?.mac).toBe("02:00:00:00:00:0a");
    }
  });

  live.test(
    "link-layer addresses come from the key, CNI_ARGS and the capability, the last of them counts",
    () => {
      using host = new Host();
      const network = host.network(tap({ mac: "02:00:00:00:00:0a" }));
      const macOf = (id: string, options: object) => network.add(id, options).result.interfaces?.[0]?.mac;
      expect(macOf("a", {})).toBe("02:00:00:00:00:0a");
      expect(macOf("b", { args: "MAC=02:00:00:00:00:0B" })).toBe("02:00:00:00:00:0b");
      const both = { args: "MAC=02:00:00:00:00:0b", runtimeConfig: { mac: "02:00:00:00:00:0C" } };
      expect(macOf("c", both)).toBe("02:00:00:00:00:0c");
    },
  );

  live.test("addresses and routes of both families, and neighbours are told", () => {
    using host = new Host();
    const ipam = { ...dual, routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0", mtu: 1300 }] };
    const vm = host.network(tap({ ipam })).add("vm");
    expect(addresses(vm.namespace, "eth0")).toEqual(["10.1.2.2/24", "fd00:1:2::2/64"]);
    expect(routes(vm.namespace)).toContain("default via 10.1.2.1 dev eth0 linkdown");
    expect(routes(vm.namespace, 6).join()).toContain("default via fd00:1:2::1 dev eth0 metric 1024");
    expect(sysctl(vm.namespace, "net/ipv4/conf/eth0/arp_notify")).toBe("1");
    vm.check();
    vm.del();
    expect(host.leases("net")).toEqual([]);
  });

  live.test("the configuration's resolver settings are the result's, and not those of IPAM", () => {
    using host = new Host();
    const ipam = {
      type: "static",
      addresses: [{ address: "10.1.2.5/24" }],
      dns: { nameservers: ["192.0.2.54"] },
    };
    expect(host.network(tap({ ipam })).add("a").result.dns).toBeUndefined();
    const dns = { nameservers: ["192.0.2.53"] };
    expect(host.network(tap({ ipam, dns })).add("b").result.dns).toEqual(dns);
  });

  live.test("is a port of a bridge in the container", () => {
    using host = new Host();
    const namespace = host.container();
    const network = host.network(tap({ bridge: "br0" }));
    expect(network.refuse("vm", { namespace })).toMatchObject({
      code: 999,
      msg: 'use the bridge br0: the container has no link of this name; make the bridge in the container first, or leave out "bridge"',
    });
    expect(names(namespace)).toEqual(["lo"]);
    program(namespace, "ip", "link", "add", "br0", "type", "bridge");
    const vm = network.add("vm", { namespace });
    expect(link(namespace, "eth0").master).toBe("br0");
    vm.check();
    program(namespace, "ip", "link", "set", "eth0", "nomaster");
    expect(vm.refused("CHECK").msg).toContain("eth0 as a port of br0: it is none");
  });

  live.test("a program opens it, by its name", () => {
    using host = new Host();
    const vm = host.network(tap()).add("vm");
    const carrier = () => link(vm.namespace, "eth0").flags.includes("LOWER_UP");
    expect(carrier()).toBe(false);
    const tun = openedBy(vm.namespace, "eth0");
    expect(carrier()).toBe(true);
    closeSync(tun);
    expect(carrier()).toBe(false);
    vm.check();
  });

  live.test("refuses a name that is taken, also by a tap link that nobody has open", () => {
    using host = new Host();
    const words = /^create the tap link eth0: the container has an interface eth0 already;/;
    const vm = host.network(tap()).add("vm");
    expect(vm.refused("ADD").msg).toMatch(words);
    vm.check();
    const namespace = host.container();
    program(namespace, "ip", "link", "add", "eth0", "type", "bridge");
    expect(host.network(tap()).refuse("other", { namespace }).msg).toMatch(words);
    expect(link(namespace, "eth0").linkinfo?.info_kind).toBe("bridge");
  });

  live.test.each([
    [{ mac: "01:00:00:00:00:01" }, "no interface can have the address 01:00:00:00:00:01"],
    [{ mtu: 10 }, "mtu less than device minimum"],
  ])("refuses %j, and leaves nothing", (keys, words) => {
    using host = new Host();
    const vm = host.network(tap({ ...keys, ipam: range })).container("vm");
    expect(vm.refused("ADD")).toMatchObject({ code: 999, msg: expect.stringContaining(words) });
    expect(names(vm.namespace)).toEqual(["lo"]);
    expect(host.leases("net")).toEqual([]);
  });

  live.test("an ADD that fails on its last steps leaves no link and no lease", () => {
    using host = new Host();
    const ipam = { ...range, routes: [{ dst: "10.0.0.0/8", gw: "203.0.113.1" }] };
    const vm = host.network(tap({ ipam })).container("vm");
    expect(vm.refused("ADD").msg).toContain("make the route to 10.0.0.0/8");
    expect(names(vm.namespace)).toEqual(["lo"]);
    expect(host.leases("net")).toEqual([]);
  });

  live.test("refuses a SELinux context where there is no SELinux", () => {
    using host = new Host();
    expect(
      host.network(tap({ selinuxContext: "system_u:system_r:container_t:s0" })).refuse("vm"),
    ).toMatchObject({
      code: 999,
      msg: 'create the tap link eth0 in the SELinux context system_u:system_r:container_t:s0: this host has no SELinux; leave out "selinuxContext"',
    });
  });

  live.test("DEL may come any number of times, without a namespace, with a broken configuration", () => {
    using host = new Host();
    const vm = host.network(tap({ ipam: range })).add("vm");
    const broken = host.network(tap({ ipam: range, mtu: "large", owner: -1 }));
    broken.container("vm", { namespace: vm.namespace }).del();
    expect(names(vm.namespace)).toEqual(["lo"]);
    vm.del();
    host.end(vm.namespace);
    vm.del();
    expect(host.leases("net")).toEqual([]);
  });

  live.test("STATUS asks IPAM, and GC gives back leases", () => {
    using host = new Host();
    const network = host.network(tap({ ipam: range }));
    expect(network.status()).toEqual({ exit: 0, stdout: "", stderr: "" });
    const vm = network.add("vm");
    network.gc([]);
    expect(host.leases("net")).toEqual([]);
    expect(names(vm.namespace)).toContain("eth0");
    const nosuch = host.network(tap({ ipam: { type: "nosuch" } }));
    expect(errorOf(nosuch.status()).msg).toContain('find the plugin "nosuch"');
  });
});
