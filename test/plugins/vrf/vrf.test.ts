/** `vrf` after `bridge` as a runtime drives it, where the comparison with Go's does not reach. */
import { expect } from "bun:test";
import type { Namespace } from "../../../netlink/socket/namespace.ts";
import { needs } from "../../needs.ts";
import { type Configuration, callPlugin, errorOf } from "../call.ts";
import { Host } from "../host.ts";
import { addresses, link, links, program } from "../kernel.ts";
import type { Attachment } from "../network.ts";

const live = needs("namespaces", "link:vrf", "program:ip");

const routes = [
  { dst: "0.0.0.0/0" },
  { dst: "192.168.0.0/16", gw: "10.1.2.9" },
  { dst: "172.16.0.0/12" },
  { dst: "::/0" },
  { dst: "2001:db8:9::/48", gw: "fd00:1:2::9" },
];
const dual = {
  type: "host-local",
  ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "fd00:1:2::/64" }]],
  routes,
};

const inVrf = (keys: object = {}, cniVersion = "1.1.0"): Configuration => ({
  cniVersion,
  name: "net",
  plugins: [
    { type: "bridge", isGateway: true, ipam: dual },
    { type: "vrf", vrfname: "red", table: 1234, ...keys },
  ],
});

/** A network on another bridge, for the second interface of a container. */
const second = (keys: object = {}): Configuration => ({
  cniVersion: "1.1.0",
  name: "other",
  plugins: [
    {
      type: "bridge",
      bridge: "cni1",
      isGateway: true,
      ipam: { type: "host-local", subnet: "10.5.0.0/24", routes: [{ dst: "0.0.0.0/0" }] },
    },
    { type: "vrf", vrfname: "red", ...keys },
  ],
});

/** The routes of a table that somebody asked for, and those of the links' own subnets. */
const table = (at: Namespace, number: number, family: 4 | 6): string[] =>
  program(at, "ip", `-${family}`, "route", "show", "table", `${number}`)
    .split("\n")
    .map((line) => line.trim().replace(" pref medium", ""))
    .filter((line) => line !== "" && !/^(fe80::|multicast|anycast|local|broadcast)/.test(line))
    .sort();

const names = (at: Namespace): string[] => links(at).map(({ ifname }) => ifname);

/** vrf alone, as a plugin of a list is called. */
const vrf = (web: Attachment, command: "ADD" | "DEL" | "CHECK", keys: object = {}, netns?: string) =>
  web.callAlone(command, { type: "vrf", vrfname: "red", ...keys }, netns);

const allRoutes4 = [
  "10.1.2.0/24 dev eth0 proto kernel scope link src 10.1.2.2",
  "172.16.0.0/12 via 10.1.2.1 dev eth0",
  "192.168.0.0/16 via 10.1.2.9 dev eth0",
  "default via 10.1.2.1 dev eth0",
];
const allRoutes6 = [
  "2001:db8:9::/48 via fd00:1:2::9 dev eth0 metric 1024",
  "default via fd00:1:2::1 dev eth0 metric 1024",
  "fd00:1:2::/64 dev eth0 proto kernel metric 256",
];

live.describe("an interface in a VRF", () => {
  live.test("has its addresses and all its routes there, and passes CHECK of the whole list", () => {
    using host = new Host();
    const web = host.network(inVrf()).add("web");
    expect(link(web.namespace, "eth0").master).toBe("red");
    expect(addresses(web.namespace, "eth0")).toEqual(["10.1.2.2/24", "fd00:1:2::2/64"]);
    expect(table(web.namespace, 1234, 4)).toEqual(allRoutes4);
    expect(table(web.namespace, 1234, 6)).toEqual(allRoutes6);
    expect([...table(web.namespace, 254, 4), ...table(web.namespace, 254, 6)]).toEqual([]);
    web.check();
  });

  live.test("has them also where IPv6 addresses do not outlive that a link goes down", () => {
    using host = new Host();
    const web = host.network({ ...inVrf(), plugins: inVrf().plugins.slice(0, 1) }).add("web");
    program(web.namespace, "sh", "-ec", "echo 0 >/proc/sys/net/ipv6/conf/eth0/keep_addr_on_down");
    expect(vrf(web, "ADD", { table: 1234 })).toMatchObject({ exit: 0 });
    expect(addresses(web.namespace, "eth0")).toEqual(["10.1.2.2/24", "fd00:1:2::2/64"]);
    expect(table(web.namespace, 1234, 6)).toEqual(allRoutes6);
    expect(vrf(web, "CHECK")).toMatchObject({ exit: 0 });
  });

  live.test("shares it with another, of which it takes no route", () => {
    using host = new Host();
    const web = host.network(inVrf()).add("web");
    const other = host.network(second()).add("web", { ifname: "net1", namespace: web.namespace });
    expect(table(web.namespace, 1234, 4)).toEqual([
      ...allRoutes4.slice(0, 1),
      "10.5.0.0/24 dev net1 proto kernel scope link src 10.5.0.2",
      ...allRoutes4.slice(1),
      "default via 10.5.0.1 dev net1",
    ]);
    expect(table(web.namespace, 1234, 6)).toEqual(allRoutes6);
    web.check();
    other.check();
    web.del();
    other.check();
    expect(names(web.namespace)).toContain("red");
    other.del();
    expect(names(web.namespace)).toEqual(["lo"]);
  });
});

live.describe("DEL", () => {
  live.test("takes the interface out, and the VRF with the last; any number of times", () => {
    using host = new Host();
    const web = host.network(inVrf()).add("web");
    for (let times = 0; times < 3; times++)
      expect(vrf(web, "DEL")).toEqual({ exit: 0, stdout: "", stderr: "" });
    expect(names(web.namespace)).toEqual(["lo", "eth0"]);
    expect(link(web.namespace, "eth0").master).toBeUndefined();
  });

  live.test("removes the VRF whose interface has gone already", () => {
    using host = new Host();
    const web = host.network(inVrf()).add("web");
    program(web.namespace, "ip", "link", "delete", "eth0");
    web.del();
    expect(names(web.namespace)).toEqual(["lo"]);
  });

  live.test("leaves an interface that another VRF has by now, and a link of the name that is none", () => {
    using host = new Host();
    const web = host.network(inVrf()).add("web");
    program(
      web.namespace,
      "sh",
      "-ec",
      "ip link delete red; ip link add red type dummy; ip link add blue type vrf table 7; ip link set eth0 master blue",
    );
    expect(vrf(web, "DEL")).toMatchObject({ exit: 0 });
    expect(link(web.namespace, "eth0").master).toBe("blue");
    expect(names(web.namespace)).toContain("red");
  });

  live.test.each(["/run/netns/nowhere", ""])("is done without the namespace %p", (netns) => {
    using host = new Host();
    const web = host.network(inVrf()).add("web");
    expect(vrf(web, "DEL", {}, netns)).toEqual({ exit: 0, stdout: "", stderr: "" });
  });

  live.test("is done without a name", () => {
    using host = new Host();
    const web = host.network(inVrf()).add("web");
    expect(vrf(web, "DEL", { vrfname: "" })).toMatchObject({ exit: 0 });
  });
});

live.describe("an ADD that fails", () => {
  const plain = (host: Host): Attachment =>
    host.network({ ...inVrf(), plugins: inVrf().plugins.slice(0, 1) }).add("web");
  const state = ({ namespace }: Attachment) => [
    names(namespace),
    link(namespace, "eth0").master,
    addresses(namespace, "eth0"),
    table(namespace, 254, 4),
    table(namespace, 254, 6),
  ];

  live.test.each([
    ["something else has the name", "ip link add red type dummy", "that is no VRF"],
    ["the VRF has another table", "ip link add red type vrf table 7", "it is there with table 7"],
    [
      "the interface has a master",
      "ip link add br0 type bridge; ip link set eth0 master br0",
      "it belongs to br0 already",
    ],
    [
      "the interface is not there",
      "ip link set eth0 down; ip link set eth0 name eth9; ip link add eth0 type dummy; ip link delete eth0",
      "it is not in the container",
    ],
  ])("because %s says so", (_, before, words) => {
    using host = new Host();
    const web = plain(host);
    program(web.namespace, "sh", "-ec", before);
    const there = names(web.namespace);
    const { code, msg } = errorOf(vrf(web, "ADD", { table: 1234 }));
    expect([code, msg]).toEqual([999, expect.stringContaining(words)]);
    expect(names(web.namespace)).toEqual(there);
  });

  live.test("after the interface is in the VRF leaves all as it was", () => {
    using host = new Host();
    const web = plain(host);
    const before = state(web);
    // Duplicate address detection on a link without carrier never ends, and so the address gets no route.
    program(
      web.namespace,
      "sh",
      "-ec",
      "echo 0 >/proc/sys/net/ipv6/conf/eth0/keep_addr_on_down; echo 1 >/proc/sys/net/ipv6/conf/eth0/accept_dad",
    );
    program(host.namespace, "ip", "link", "set", web.hostLink, "down");
    const { msg } = errorOf(vrf(web, "ADD", { table: 1234 }));
    expect(msg).toContain("wait for the route of fd00:1:2::2 in table 1234: it is not there after 2.5 s");
    expect(state(web).slice(0, 3)).toEqual(before.slice(0, 3));
  });
});

live.describe("CHECK names", () => {
  live.test.each([
    ["a VRF that is gone", "ip link delete red", "VRF red: it is not there"],
    ["a VRF that is down", "ip link set red down", "VRF red: it is down"],
    [
      "a VRF with another table",
      "ip link delete red; ip link add red type vrf table 7; ip link set red up",
      "VRF red: its table is 7, not 1234",
    ],
    ["something else of the name", "ip link delete red; ip link add red type dummy", "VRF red: it is no VRF"],
    ["an interface that has left", "ip link set eth0 nomaster", "eth0 in the VRF red: it is not"],
    [
      "a route that is gone",
      "ip route delete 192.168.0.0/16 table 1234",
      "table 1234 has no route to 192.168.0.0/16 by it",
    ],
    [
      "a route that is gone, of IPv6",
      "ip -6 route delete default table 1234",
      "table 1234 has no route to ::/0 by it",
    ],
  ])("%s", (_, damage, sentence) => {
    using host = new Host();
    const web = host.network(inVrf()).add("web");
    program(web.namespace, "sh", "-ec", damage);
    expect(errorOf(vrf(web, "CHECK", { table: 1234 }))).toMatchObject({
      code: 999,
      msg: expect.stringContaining(sentence),
    });
  });
});

live.describe("a table that nobody names", () => {
  live.test("is the first that no VRF has, also for two that come at once", async () => {
    using host = new Host();
    const namespace = host.container();
    const prepared = ["eth0", "net1", "net2"].map((ifname, nth): Parameters<Host["run"]> => {
      program(namespace, "ip", "link", "add", ifname, "type", "veth", "peer", "name", `peer${nth}`);
      const prevResult = { cniVersion: "1.1.0", interfaces: [{ name: ifname, sandbox: namespace.path }] };
      const config = { cniVersion: "1.1.0", name: "net", type: "vrf", vrfname: `vrf${nth}`, prevResult };
      const variables = {
        CNI_COMMAND: "ADD",
        CNI_CONTAINERID: "web",
        CNI_IFNAME: ifname,
        CNI_NETNS: namespace.path,
        CNI_PATH: host.plugins,
      };
      return [[`${host.plugins}/vrf`], variables, JSON.stringify(config)];
    });
    for (const { exit, stdout } of await host.runTogether(prepared))
      expect([exit, stdout]).toEqual([0, stdout]);
    const tables = links(namespace).flatMap(({ linkinfo }) =>
      linkinfo?.info_kind === "vrf" ? [linkinfo.info_data?.table] : [],
    );
    expect(tables.sort()).toEqual([1, 2, 3]);
  });
});

live.test("STATUS is ready, GC has nothing to do, and versions before 0.3.1 are refused", () => {
  using host = new Host();
  const network = host.network(inVrf());
  const web = network.add("web");
  expect(network.status()).toEqual({ exit: 0, stdout: "", stderr: "" });
  const config = { type: "vrf", vrfname: "red", cniVersion: "1.1.0", name: "net" };
  expect(callPlugin(host, "GC", { ...config, "cni.dev/valid-attachments": [] })).toMatchObject({ exit: 0 });
  web.check();
  expect(errorOf(vrf(web, "ADD", { cniVersion: "0.3.0" })).code).toBe(1);
});
