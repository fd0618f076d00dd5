/** `sbr` after `bridge` as a runtime drives it, where the comparison with Go's does not reach. */
import { expect } from "bun:test";
import { existsSync } from "node:fs";
import type { Namespace } from "../../../netlink/socket/namespace.ts";
import { needs } from "../../needs.ts";
import { type Configuration, callPlugin, errorOf, type PrintedResult } from "../call.ts";
import { Host, outsideAddress } from "../host.ts";
import { program } from "../kernel.ts";
import type { Attachment } from "../network.ts";
import { ask, serve } from "../talk.ts";

const live = needs("namespaces", "program:ip");

const v4 = { type: "host-local", subnet: "10.1.2.0/24" };
const dual = { type: "host-local", ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "fd00:1:2::/64" }]] };
const defaults = [{ dst: "0.0.0.0/0" }, { dst: "::/0" }];

const routed = (keys: object = {}, ipam: object = { ...dual, routes: defaults }): Configuration => ({
  cniVersion: "1.1.0",
  name: "net",
  plugins: [
    { type: "bridge", isGateway: true, ipam },
    { type: "sbr", ...keys },
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
    { type: "sbr", ...keys },
  ],
});

/** A table as `ip route` shows it, without what the kernel gives every link. */
function table(at: Namespace, name: string | number, family: 4 | 6 = 4): string[] {
  const all = program(at, "ip", `-${family}`, "route", "show", "table", "all").split("\n");
  const word = name === "main" ? undefined : `table ${name}`;
  return all
    .map((line) => line.trim().replace(/ +/g, " "))
    .filter((line) => (word === undefined ? !/ table /.test(line) : `${line} `.includes(` ${word} `)))
    .filter((line) => line !== "" && !/^(fe80::|multicast|anycast|local|nexthop)/.test(line))
    .map((line) => line.replace(` ${word}`, "").replace(" pref medium", ""));
}

/** The rules that the kernel does not have by itself, of both families. */
const rules = (at: Namespace): string[] =>
  ["-4", "-6"]
    .flatMap((family) => program(at, "ip", family, "rule", "show").split("\n"))
    .filter((line) => /from (?!all)\S+ lookup/.test(line))
    .map((line) => line.replace(/^\d+:\s+/, "").trim());

/** sbr alone, as a plugin of a list is called. */
const sbr = (web: Attachment, command: "ADD" | "DEL" | "CHECK", keys: object = {}, netns?: string) =>
  web.callAlone(command, { type: "sbr", ...keys }, netns);

live.describe("a table of its own", () => {
  live.test("gets rules only: the routes are those that IPAM put there", () => {
    using host = new Host();
    const routes = [{ dst: "0.0.0.0/0", table: 5000 }, { dst: "192.168.0.0/16" }];
    const web = host.network(routed({ table: 5000 }, { ...v4, routes })).add("web");
    expect(rules(web.namespace)).toEqual(["from 10.1.2.2 lookup 5000"]);
    expect(table(web.namespace, 5000)).toEqual(["default via 10.1.2.1 dev eth0"]);
    expect(table(web.namespace, "main")).toEqual([
      "10.1.2.0/24 dev eth0 proto kernel scope link src 10.1.2.2",
      "192.168.0.0/16 via 10.1.2.1 dev eth0",
    ]);
    web.check();
  });

  live.test("is shared by two interfaces, and each DEL takes its own rules", () => {
    using host = new Host();
    const web = host.network(routed({ table: 7 })).add("web");
    const other = host.network(second({ table: 7 })).add("web", { ifname: "net1", namespace: web.namespace });
    program(web.namespace, "ip", "rule", "add", "from", "10.1.2.2", "lookup", "8");
    sbr(web, "DEL", { table: 7 });
    expect(rules(web.namespace)).toEqual(["from 10.1.2.2 lookup 8", "from 10.5.0.2 lookup 7"]);
    other.del();
    expect(rules(web.namespace)).toEqual(["from 10.1.2.2 lookup 8"]);
  });

  live.test.each([0, -1, 4294967296, "main"])("cannot be %p", (wrong) => {
    using host = new Host();
    expect(host.network(routed({ table: wrong })).refuse("web")).toMatchObject({
      code: 7,
      msg: expect.stringContaining("table"),
    });
  });
});

live.describe("gateways", () => {
  const onLink = { type: "static", addresses: [{ address: "10.1.2.3/24" }, { address: "fd00:1:2::3/64" }] };

  live.test("of both families are the next hops of the default routes", () => {
    using host = new Host();
    const keys = { gateways: ["10.1.2.99", "fd00:1:2::99"] };
    const web = host.network(routed(keys, onLink)).add("web");
    expect(table(web.namespace, 100)).toEqual([
      "default via 10.1.2.99 dev eth0",
      "10.1.2.0/24 dev eth0 proto kernel scope link src 10.1.2.3",
    ]);
    expect(table(web.namespace, 101, 6)).toEqual([
      "fd00:1:2::/64 dev eth0 proto kernel metric 256",
      "default via fd00:1:2::99 dev eth0 metric 1024",
    ]);
    web.check();
  });

  live.test("of one family leave the other family's to the result", () => {
    using host = new Host();
    const web = host.network(routed({ gateways: ["fd00:1:2::99"] }, dual)).add("web");
    expect(table(web.namespace, 100)).toContain("default via 10.1.2.1 dev eth0");
    expect(table(web.namespace, 101, 6)).toContain("default via fd00:1:2::99 dev eth0 metric 1024");
  });

  live.test("two of one family are refused by ADD and STATUS, and are in no DEL's way", () => {
    using host = new Host();
    const network = host.network(routed({ gateways: ["10.1.2.98", "10.1.2.99"] }));
    const web = network.container("web");
    expect(web.refused("ADD")).toMatchObject({ code: 7, msg: expect.stringContaining("of one family") });
    expect(errorOf(network.status()).code).toBe(7);
    web.del();
  });

  live.test("that is no address is refused", () => {
    using host = new Host();
    expect(host.network(routed({ gateways: ["10.1.2.0/24"] })).refuse("web").code).toBe(7);
  });

  live.test("that nothing leads to is refused, and the routes are as before", () => {
    using host = new Host();
    const web = host.network(routed({ gateways: ["172.31.0.1"] })).container("web");
    expect(web.refused("ADD").code).toBe(999);
    expect(rules(web.namespace)).toEqual([]);
    expect(table(web.namespace, 100)).toEqual([]);
    expect(table(web.namespace, "main")).toEqual([
      "default via 10.1.2.1 dev eth0",
      "10.1.2.0/24 dev eth0 proto kernel scope link src 10.1.2.2",
    ]);
  });
});

live.describe("source hints", () => {
  live.test("keep the subnets in the main table, from the address", () => {
    using host = new Host();
    const web = host.network(routed({ addSourceHints: true })).add("web");
    expect(table(web.namespace, "main")).toEqual(["10.1.2.0/24 dev eth0 scope link src 10.1.2.2"]);
    expect(table(web.namespace, "main", 6)).toEqual(["fd00:1:2::/64 dev eth0 src fd00:1:2::2 metric 1024"]);
    expect(table(web.namespace, 100)).toEqual([
      "default via 10.1.2.1 dev eth0",
      "10.1.2.0/24 dev eth0 proto kernel scope link src 10.1.2.2",
    ]);
    web.check();
    program(web.namespace, "ip", "route", "delete", "10.1.2.0/24");
    expect(web.refused("CHECK").msg).toContain(
      "route to 10.1.2.0/24 from 10.1.2.2 in the main table: it is not there",
    );
  });

  live.test("let the container reach its neighbours by name of the subnet alone", async () => {
    using host = new Host();
    const network = host.network(routed({ addSourceHints: true }));
    const [web, shop] = [network.add("web"), network.add("shop")];
    using _server = await serve(shop.namespace, { port: 80, name: "shop" });
    expect(await ask(web.namespace, { address: shop.address(), port: 80 })).toEqual({
      from: "shop",
      client: web.address(),
    });
  });
});

live.describe("a container with two interfaces", () => {
  const both = (host: Host): [Attachment, Attachment] => {
    const web = host.network(routed()).add("web");
    return [web, host.network(second()).add("web", { ifname: "net1", namespace: web.namespace })];
  };

  live.test("answers by the interface that was asked", async () => {
    using host = new Host();
    const [web, other] = both(host);
    using _server = await serve(web.namespace, { port: 80, name: "web" });
    program(host.outside, "ip", "route", "add", "default", "via", "192.0.2.1");
    for (const address of [web.address(), other.address()]) {
      const answer = await ask(host.outside, { address, port: 80 });
      expect([address, answer]).toEqual([address, { from: "web", client: outsideAddress.v4 }]);
    }
  });

  live.test("has a table for each address, and passes CHECK of the whole list", () => {
    using host = new Host();
    const [web, other] = both(host);
    expect(rules(web.namespace)).toEqual([
      "from 10.5.0.2 lookup 102",
      "from 10.1.2.2 lookup 100",
      "from fd00:1:2::2 lookup 101",
    ]);
    expect(table(web.namespace, "main")).toEqual([]);
    web.check();
    other.check();
    web.del();
    expect(rules(web.namespace)).toEqual(["from 10.5.0.2 lookup 102"]);
    other.check();
  });

  live.test("that have the same address: DEL of one leaves the other's rule", () => {
    using host = new Host();
    const same = { type: "static", addresses: [{ address: "10.1.2.3/24", gateway: "10.1.2.1" }] };
    const web = host.network(routed({}, same)).add("web");
    const name = { ...routed({}, same), name: "twin" };
    const other = host.network(name).add("web", { ifname: "net1", namespace: web.namespace });
    expect(rules(web.namespace)).toEqual(["from 10.1.2.3 lookup 101", "from 10.1.2.3 lookup 100"]);
    web.check();
    other.check();
    web.del();
    expect(rules(web.namespace)).toEqual(["from 10.1.2.3 lookup 101"]);
  });

  live.test("gets different tables when both are added at once", async () => {
    using host = new Host();
    const namespace = host.container();
    const names = ["eth0", "net1", "net2", "net3"];
    const calls = names.map((ifname, nth): Parameters<Host["run"]> => {
      program(namespace, "ip", "link", "add", ifname, "type", "veth", "peer", "name", `peer${nth}`);
      program(namespace, "ip", "address", "add", `10.${nth}.0.2/24`, "dev", ifname);
      for (const each of [ifname, `peer${nth}`]) program(namespace, "ip", "link", "set", each, "up");
      const prevResult = {
        cniVersion: "1.1.0",
        interfaces: [{ name: ifname, sandbox: namespace.path }],
        ips: [{ address: `10.${nth}.0.2/24`, gateway: `10.${nth}.0.1`, interface: 0 }],
      };
      const config = { cniVersion: "1.1.0", name: "net", type: "sbr", prevResult };
      const variables = {
        CNI_COMMAND: "ADD",
        CNI_CONTAINERID: "web",
        CNI_IFNAME: ifname,
        CNI_NETNS: namespace.path,
        CNI_PATH: host.plugins,
      };
      return [[`${host.plugins}/sbr`], variables, JSON.stringify(config)];
    });
    for (const { exit, stdout } of await host.runTogether(calls)) expect([exit, stdout]).toEqual([0, stdout]);
    const tables = rules(namespace).map((rule) => rule.replace(/.*lookup /, ""));
    expect(tables.sort()).toEqual(["100", "101", "102", "103"]);
  });
});

live.describe("a free table", () => {
  live.test.each([
    ["rules", "ip rule add from 192.0.2.7 lookup 100"],
    ["routes alone", "ip link set lo up; ip route add 198.51.100.0/24 dev lo table 100"],
    ["routes of IPv6 alone", "ip link set lo up; ip -6 route add 2001:db8:9::/64 dev lo table 100"],
  ])("is none that %s use", (_, made) => {
    using host = new Host();
    const namespace = host.container();
    program(namespace, "sh", "-ec", made);
    const web = host.network(routed({}, v4)).add("web", { namespace });
    expect(rules(namespace)).toContain("from 10.1.2.2 lookup 101");
    web.check();
  });
});

live.describe("routes of every form", () => {
  live.test("move with all that they say, and several to one destination stay several", () => {
    using host = new Host();
    const namespace = host.container();
    const web = host
      .network({ ...routed({}, v4), plugins: routed({}, v4).plugins.slice(0, 1) })
      .add("web", { namespace });
    program(
      namespace,
      "sh",
      "-ec",
      `ip route add 172.16.0.0/12 via 10.1.2.9 dev eth0 mtu 1400 metric 7
       ip route append 172.16.0.0/12 via 10.1.2.8 dev eth0 metric 7
       ip route add 172.31.0.0/16 nexthop via 10.1.2.9 dev eth0 weight 2 nexthop via 10.1.2.8 dev eth0`,
    );
    expect(sbr(web, "ADD")).toMatchObject({ exit: 0 });
    const shown = program(namespace, "ip", "route", "show", "table", "100").replace(/\s+/g, " ");
    expect(shown).toContain(
      "172.16.0.0/12 via 10.1.2.9 dev eth0 metric 7 mtu 1400 172.16.0.0/12 via 10.1.2.8 dev eth0 metric 7",
    );
    expect(shown).toContain(
      "172.31.0.0/16 nexthop via 10.1.2.9 dev eth0 weight 2 nexthop via 10.1.2.8 dev eth0 weight 1",
    );
    expect(table(namespace, "main")).toEqual([]);
  });

  live.test("by a gateway in no address's subnet move, too", () => {
    using host = new Host();
    const ipam = {
      type: "static",
      addresses: [{ address: "10.1.2.3/32" }],
      routes: [
        { dst: "169.254.1.1/32", scope: 253 },
        { dst: "0.0.0.0/0", gw: "169.254.1.1" },
      ],
    };
    const web = host
      .network({ ...routed({}, ipam), plugins: [{ type: "bridge", ipam }, { type: "sbr" }] })
      .add("web");
    expect(table(web.namespace, 100)).toEqual([
      "default via 169.254.1.1 dev eth0",
      "169.254.1.1 dev eth0 scope link",
    ]);
    web.check();
  });
});

live.describe("CHECK names", () => {
  live.test.each([
    ["a rule that is gone", "ip rule delete from 10.1.2.2", "rule from 10.1.2.2: it is not there"],
    [
      "a rule that is gone, of IPv6",
      "ip -6 rule delete from fd00:1:2::2",
      "rule from fd00:1:2::2: it is not there",
    ],
    [
      "a default route that is gone",
      "ip route delete default table 100",
      "routes of 10.1.2.2 in table 100: there is none to 0.0.0.0/0",
    ],
    [
      "a default route that is gone, of IPv6",
      "ip -6 route delete default table 101",
      "routes of fd00:1:2::2 in table 101: there is none to ::/0",
    ],
    ["a subnet that is gone", "ip route delete 10.1.2.0/24 table 100", "there is none to 10.1.2.0/24"],
    [
      "a route that goes elsewhere",
      "ip route replace 192.168.0.0/16 via 10.1.2.8 table 100",
      "the one to 192.168.0.0/16 does not go by 10.1.2.9",
    ],
    [
      "a route in the main table",
      "ip route add 192.168.7.0/24 dev eth0",
      "main table without the routes of eth0: it has 192.168.7.0/24",
    ],
  ])("%s", (_, damage, sentence) => {
    using host = new Host();
    const routes = [...defaults, { dst: "192.168.0.0/16", gw: "10.1.2.9" }];
    const web = host.network(routed({}, { ...dual, routes })).add("web");
    web.check();
    program(web.namespace, "sh", "-ec", damage);
    expect(errorOf(sbr(web, "CHECK"))).toMatchObject({ code: 999, msg: expect.stringContaining(sentence) });
  });

  live.test("a rule that leads elsewhere, where a table is given", () => {
    using host = new Host();
    const web = host.network(routed({ table: 7 }, v4)).add("web");
    program(web.namespace, "sh", "-ec", "ip rule delete from 10.1.2.2; ip rule add from 10.1.2.2 lookup 8");
    expect(web.refused("CHECK").msg).toContain("rule from 10.1.2.2: it leads to table 8, not 7");
  });

  live.test("what a link that went down and up has lost", () => {
    using host = new Host();
    const web = host.network(routed()).add("web");
    program(web.namespace, "sh", "-ec", "ip link set eth0 down; ip link set eth0 up");
    expect(errorOf(sbr(web, "CHECK")).msg).toContain("there is none to 0.0.0.0/0");
  });
});

live.describe("DEL", () => {
  live.test("is done any number of times", () => {
    using host = new Host();
    const web = host.network(routed()).add("web");
    for (let times = 0; times < 3; times++)
      expect(sbr(web, "DEL")).toEqual({ exit: 0, stdout: "", stderr: "" });
    expect(rules(web.namespace)).toEqual([]);
  });

  live.test("finds the rules when the interface has gone, and when the result is lost", () => {
    using host = new Host();
    const web = host.network(routed()).add("web");
    const shop = host.network(routed()).add("shop");
    program(web.namespace, "ip", "link", "delete", "eth0");
    sbr(web, "DEL");
    sbr(shop, "DEL", { prevResult: undefined });
    expect([...rules(web.namespace), ...rules(shop.namespace)]).toEqual([]);
  });

  live.test.each(["/run/netns/nowhere", ""])(
    "is done without the namespace, and makes no file: %p",
    (netns) => {
      using host = new Host();
      const web = host.network(routed()).add("web");
      expect(sbr(web, "DEL", {}, netns)).toEqual({ exit: 0, stdout: "", stderr: "" });
      expect(existsSync("/run/netns/nowhere")).toBe(false);
    },
  );

  live.test("passes over a table that is none", () => {
    using host = new Host();
    const web = host.network(routed()).add("web");
    expect(sbr(web, "DEL", { table: "x", gateways: 5 })).toMatchObject({ exit: 0 });
    expect(rules(web.namespace)).toEqual([]);
  });
});

live.describe("an ADD that fails", () => {
  const plain: Configuration = { ...routed(), plugins: routed().plugins.slice(0, 1) };

  live.test("because the interface is not there says so", () => {
    using host = new Host();
    const web = host.network(plain).add("web");
    program(web.namespace, "ip", "link", "delete", "eth0");
    expect(errorOf(sbr(web, "ADD")).msg).toContain("find the interface eth0: it is not in the container");
    expect(rules(web.namespace)).toEqual([]);
  });

  live.test("because the result has no address says so", () => {
    using host = new Host();
    const web = host.network(plain).add("web");
    const prevResult: PrintedResult = { cniVersion: "1.1.0" };
    expect(errorOf(sbr(web, "ADD", { prevResult }))).toMatchObject({
      code: 999,
      msg: expect.stringContaining(
        "route by the addresses of eth0: the result of the plugins before has none",
      ),
    });
  });
});

live.test("STATUS is ready, and GC has nothing to do", () => {
  using host = new Host();
  const network = host.network(routed());
  const web = network.add("web");
  expect(network.status()).toEqual({ exit: 0, stdout: "", stderr: "" });
  const config = { type: "sbr", cniVersion: "1.1.0", name: "net", "cni.dev/valid-attachments": [] };
  expect(callPlugin(host, "GC", config)).toEqual({ exit: 0, stdout: "", stderr: "" });
  web.check();
});
