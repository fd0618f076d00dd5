/** The plugin and its daemon with a real server: what an attachment gets, and how it is given back. */
import { expect } from "bun:test";
import { readdirSync, statSync } from "node:fs";
import { needs } from "../../needs.ts";
import { callPlugin, errorOf, type PrintedResult } from "../call.ts";
import { until, World } from "./world.ts";

const live = needs("namespaces", "program:dnsmasq", "program:dhcpd");

const options = [
  "--dhcp-option=6,10.77.0.2,10.77.0.3",
  "--dhcp-option=15,example.test",
  "--dhcp-option=119,example.test,other.test",
  "--dhcp-option=33,10.88.0.0,10.77.0.9",
  "--dhcp-option=121,10.99.0.0/16,10.77.0.9,0.0.0.0/0,10.77.0.1,10.98.0.0/16,0.0.0.0",
];

live.describe("dhcp", () => {
  live.test("gets an address through the bridge, which CHECK finds and DEL gives back", async () => {
    using world = new World();
    const server = await world.dnsmasq("10.77.0.50,10.77.0.50");
    await world.daemon();
    const web = world.network().add("web");
    expect(web.result).toMatchObject({
      ips: [{ address: "10.77.0.50/24", gateway: "10.77.0.1", interface: 2 }],
      routes: [{ dst: "0.0.0.0/0", gw: "10.77.0.1" }],
    });
    const address = web.address();
    expect(world.addresses(web.namespace)).toEqual([`${address}/24`]);
    expect(world.leasesOfServer()).toEqual([address]);
    web.check();
    web.del();
    web.del();
    await server.says("DHCPRELEASE");
    expect(world.leasesOfServer()).toEqual([]);
    expect(readdirSync(world.leases)).toEqual([]);
    expect(web.refused("CHECK").msg).toContain("the daemon knows of none");
  });

  live.test("gives two interfaces of a container two leases", async () => {
    using world = new World();
    await world.dnsmasq("10.77.0.50,10.77.0.59");
    await world.daemon();
    const one = world.network().add("web");
    const two = world.network().add("web", { ifname: "eth1", namespace: one.namespace });
    expect(one.address()).not.toBe(two.address());
    one.del();
    two.check();
    expect(readdirSync(world.leases)).toEqual(["net:web:eth1"]);
  });

  live.test.each<[string, object, object]>([
    ["nothing else", {}, { routes: [{ dst: "0.0.0.0/0", gw: "10.77.0.1" }] }],
    [
      "the routes of classes",
      { request: [{ option: "33" }] },
      {
        routes: [
          { dst: "10.0.0.0/8", gw: "10.77.0.9" },
          { dst: "0.0.0.0/0", gw: "10.77.0.1" },
        ],
      },
    ],
    [
      "the routes with prefixes, with a metric",
      { request: [{ option: "121" }], priority: 7 },
      {
        routes: [
          { dst: "10.99.0.0/16", gw: "10.77.0.9", priority: 7 },
          { dst: "0.0.0.0/0", gw: "10.77.0.1", priority: 7 },
          { dst: "10.98.0.0/16", gw: "0.0.0.0", priority: 7, scope: 253 },
        ],
      },
    ],
    [
      "name servers",
      { useDns: true },
      {
        dns: {
          nameservers: ["10.77.0.2", "10.77.0.3"],
          domain: "example.test",
          search: ["example.test", "other.test"],
        },
      },
    ],
  ])("asked for %s, gives it", async (_, ipam, expected) => {
    using world = new World();
    await world.dnsmasq("10.77.0.50,10.77.0.50", ...options);
    await world.daemon();
    const { stdout } = world.call("ADD", "web", world.container(), world.config(ipam));
    const given = { ips: [{ address: "10.77.0.50/24", gateway: "10.77.0.1" }], ...expected };
    expect(JSON.parse(stdout) as object).toMatchObject(given);
  });

  live.test("makes the routes of option 121 in the container, also one that is on the link", async () => {
    using world = new World();
    await world.dnsmasq("10.77.0.50,10.77.0.50", ...options);
    await world.daemon();
    const web = world.network({ request: [{ option: "121" }] }).add("web");
    web.check();
    expect(web.result.routes?.map(({ dst }) => dst)).toEqual(["10.99.0.0/16", "0.0.0.0/0", "10.98.0.0/16"]);
  });

  live.test("says the configured options to the server, and what the arguments say", async () => {
    using world = new World();
    const server = await world.dnsmasq("10.77.0.50,10.77.0.50", "--dhcp-vendorclass=set:known,flatnet-test");
    await world.daemon();
    const ipam = {
      provide: [
        { option: "host-name", fromArg: "K8S_POD_NAME", value: "unnamed" },
        { option: "60", value: "flatnet-test" },
      ],
    };
    world.call("ADD", "web", world.container(), world.config(ipam), {
      args: "X;K8S_POD_NAME=box;IgnoreUnknown=1",
    });
    await server.says("client provides name: box");
    await server.says("vendor class: flatnet-test");
  });

  live.test.each<[object, string]>([
    [{ provide: [{ option: "no-such", value: "x" }] }, "ipam.provide[0].option"],
    [{ provide: [{ option: "12", value: "x".repeat(256) }] }, "a value of 256 bytes"],
    [{ request: [{ option: "0" }] }, "ipam.request[0].option"],
    [{ request: [{ option: "255" }] }, "ipam.request[0].option"],
    [{ daemonSocketPath: "run/dhcp.sock" }, "an absolute path"],
    [{ priority: -1 }, "ipam.priority"],
  ])("refuses %j", (ipam, sentence) => {
    using world = new World();
    const error = errorOf(world.call("ADD", "web", world.container(), world.config(ipam)));
    expect(error.code).toBe(7);
    expect(error.msg).toContain(sentence);
  });

  live.test("says how to start the daemon when there is none, and removes without it", () => {
    using world = new World();
    const container = world.container();
    for (const command of ["ADD", "CHECK", "STATUS"] as const) {
      const error = errorOf(world.call(command, "web", container));
      expect(error.msg).toContain("there is no such socket; start it: flatnet dhcp daemon");
      expect(error.code).toBe(command === "STATUS" ? 50 : 999);
    }
    expect(world.call("DEL", "web", container).exit).toBe(0);
    const gc = { ...world.config(), "cni.dev/valid-attachments": [] };
    expect(callPlugin(world.host, "GC", gc).exit).toBe(0);
  });

  live.test("STATUS is content with a daemon", async () => {
    using world = new World();
    await world.daemon();
    expect(world.call("STATUS", "", world.container()).exit).toBe(0);
  });

  live.test("takes three DELs at once, and one more", async () => {
    using world = new World();
    await world.dnsmasq("10.77.0.50,10.77.0.59");
    await world.daemon();
    const container = world.container();
    expect(world.call("ADD", "web", container).exit).toBe(0);
    const del = () => world.prepared("DEL", "web", container);
    const endings = await world.host.runTogether([del(), del(), del()]);
    expect(endings.map(({ exit }) => exit)).toEqual([0, 0, 0]);
    expect(world.call("DEL", "web", container).exit).toBe(0);
  });

  live.test("gives eight containers that ask at once eight addresses", async () => {
    using world = new World();
    await world.dnsmasq("10.77.0.50,10.77.0.57");
    await world.daemon();
    const calls = Array.from({ length: 8 }, (_, nth) => world.prepared("ADD", `c${nth}`, world.container()));
    const endings = await world.host.runTogether(calls);
    const given = endings.map(({ stdout }) => (JSON.parse(stdout) as PrintedResult).ips![0]!.address);
    expect(new Set(given).size).toBe(8);
  });

  live.test("ADD again gives the same lease, as long as it is the same interface", async () => {
    using world = new World();
    await world.dnsmasq("10.77.0.50,10.77.0.59");
    const daemon = await world.daemon();
    const container = world.container();
    const first = world.call("ADD", "web", container).stdout;
    expect(world.call("ADD", "web", container).stdout).toBe(first);
    await daemon.says("lease of");
    expect(daemon.text.split("lease of")).toHaveLength(2);
    expect(world.call("ADD", "web", world.container()).exit).toBe(0);
    await daemon.says("lease of", 2);
    expect(readdirSync(world.leases)).toEqual(["net:web:eth0"]);
  });

  live.test(
    "fails within the configured time when the server has no more addresses, and leaves nothing",
    async () => {
      using world = new World();
      await world.dhcpd("10.77.0.50 10.77.0.50");
      await world.daemon("-timeout", "1s", "-resendtimeout", "3s");
      world.network().add("web");
      const start = performance.now();
      const { code, msg } = world.network().refuse("db");
      expect(msg).toContain("no more tries: no server answered");
      expect(code).toBe(999);
      expect(performance.now() - start).toBeLessThan(6000);
      expect(readdirSync(world.leases)).toEqual(["net:web:eth0"]);
    },
  );

  live.test("GC gives back what no valid attachment of the network has", async () => {
    using world = new World();
    await world.dnsmasq("10.77.0.50,10.77.0.59");
    await world.daemon();
    const [web, db] = [world.network().add("web"), world.network().add("db")];
    world.network({}, "other").add("web");
    world.network().gc([db]);
    expect(readdirSync(world.leases).sort()).toEqual(["net:db:eth0", "other:web:eth0"]);
    await until(() => !world.leasesOfServer().includes(web.address()), "the server to know");
    db.check();
  });

  live.test("says which interface it misses", async () => {
    using world = new World();
    await world.daemon();
    const bare = world.host.container();
    expect(errorOf(world.call("ADD", "web", bare)).msg).toContain(`${bare.path} has no link eth0`);
    const nowhere = { ...bare, path: "/nowhere" } as typeof bare;
    expect(errorOf(world.call("ADD", "web", nowhere)).msg).toContain("there is no namespace at /nowhere");
  });

  live.test("CHECK names an address that the result does not have", async () => {
    using world = new World();
    await world.dnsmasq("10.77.0.50,10.77.0.50");
    await world.daemon();
    const container = world.container();
    world.call("ADD", "web", container);
    const result = { cniVersion: "1.1.0", ips: [{ address: "10.77.0.9/24" }] };
    const error = errorOf(world.call("CHECK", "web", container, { ...world.config(), prevResult: result }));
    expect(error.msg).toContain("it is of 10.77.0.50/24, which prevResult does not have");
  });

  live.test("keeps no descriptors and no memory of leases that are over", async () => {
    using world = new World();
    await world.dnsmasq("10.77.0.50,10.77.0.99");
    const daemon = await world.daemon();
    const container = world.container();
    const descriptors = () => readdirSync(`/proc/${daemon.child.pid}/fd`);
    const round = (nth: number) => {
      expect(world.call("ADD", `c${nth}`, container)).toMatchObject({ exit: 0 });
      expect(world.call("DEL", `c${nth}`, container).exit).toBe(0);
    };
    round(0);
    await Bun.sleep(100);
    const before = descriptors();
    for (let nth = 1; nth <= 50; nth++) round(nth);
    await Bun.sleep(100);
    expect(descriptors()).toEqual(before);
    expect(readdirSync(world.leases)).toEqual([]);
  });

  live.test("nobody but root can ask the daemon or read leases", async () => {
    using world = new World();
    await world.dnsmasq("10.77.0.50,10.77.0.50");
    await world.daemon();
    world.call("ADD", "web", world.container());
    const modeOf = (path: string) => statSync(path).mode & 0o777;
    expect(modeOf(`${world.directory}/run`)).toBe(0o700);
    expect(modeOf(world.socket)).toBe(0o600);
    expect(modeOf(world.leases)).toBe(0o700);
    expect(modeOf(`${world.leases}/net:web:eth0`)).toBe(0o600);
  });
});
