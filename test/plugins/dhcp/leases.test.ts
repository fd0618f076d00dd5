/** What becomes of a lease: renewed, rebound, changed, run out; over restarts of the daemon; when its container vanishes. */
import { expect } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { openRoute } from "../../../netlink/route/index.ts";
import { needs } from "../../needs.ts";
import { errorOf } from "../call.ts";
import { until, World } from "./world.ts";

const live = needs("namespaces", "program:dnsmasq", "program:dhcpd");

/** Seconds that a lease lasts here: it is renewed after nearly half of them, and rebound after 85 %. */
const SHORT = 6;

live.describe("a lease", () => {
  live.test("is renewed again and again, by its server alone", async () => {
    using world = new World();
    const server = await world.dhcpd("10.77.0.50 10.77.0.50", SHORT);
    await world.daemon();
    const web = world.network().add("web");
    await server.says("DHCPREQUEST for 10.77.0.50 from", 3);
    expect(server.text.split("DHCPDISCOVER")).toHaveLength(2);
    web.check();
    web.del();
    await server.says("DHCPRELEASE of 10.77.0.50");
    expect(server.text).toContain("(found)");
  });

  live.test("goes on after the daemon was killed and started again", async () => {
    using world = new World();
    const server = await world.dhcpd("10.77.0.50 10.77.0.50", SHORT);
    const first = await world.daemon();
    const web = world.network().add("web");
    await first.end("SIGKILL");
    const second = await world.daemon();
    await second.says("going on with 1 leases");
    web.check();
    await server.says("DHCPREQUEST for 10.77.0.50 from", 2);
    web.check();
    web.del();
    await server.says("DHCPRELEASE of 10.77.0.50");
  });

  live.test("outlives an orderly end of the daemon too, and a second one goes on", async () => {
    using world = new World();
    const server = await world.dhcpd("10.77.0.50 10.77.0.50", SHORT);
    const first = await world.daemon();
    const web = world.network().add("web");
    expect(await first.end()).toBe(0);
    expect(server.text).not.toContain("DHCPRELEASE");
    await (await world.daemon()).says("going on with 1 leases");
    web.check();
  });

  live.test(
    "is given back by the plugin itself while there is no daemon, and the next daemon forgets it",
    async () => {
      using world = new World();
      const server = await world.dhcpd("10.77.0.50 10.77.0.59", SHORT);
      const first = await world.daemon();
      const [web, db] = [world.network().add("web"), world.network().add("db")];
      await first.end("SIGKILL");
      web.del();
      await server.says(`DHCPRELEASE of ${web.address()}`);
      world.network().gc([]);
      await server.says(`DHCPRELEASE of ${db.address()}`);
      expect(readdirSync(world.leases)).toEqual([]);
      const second = await world.daemon();
      expect(second.text).not.toContain("going on");
    },
  );

  live.test("is renewed by another server when its own is gone", async () => {
    using world = new World();
    const first = await world.dhcpd("10.77.0.50 10.77.0.50", SHORT);
    const daemon = await world.daemon("-timeout", "1s");
    const web = world.network().add("web");
    await first.end("SIGKILL");
    await world.dnsmasq("10.77.0.50,10.77.0.50", "--dhcp-authoritative");
    await until(
      () => world.leasesOfServer().length === 1,
      "the other server",
      () => daemon.text,
    );
    web.check();
    expect(world.addresses(web.namespace)).toEqual(["10.77.0.50/24"]);
  });

  live.test("that the server changes is changed on the interface: address and routes", async () => {
    using world = new World();
    const first = await world.dhcpd("10.77.0.50 10.77.0.50", SHORT);
    const daemon = await world.daemon("-timeout", "1s");
    const web = world.network().add("web");
    await first.end("SIGKILL");
    await world.dhcpd("10.77.0.60 10.77.0.60", 600, "option routers 10.77.0.9;");
    await daemon.says("lease of 10.77.0.60/24 in the place of 10.77.0.50/24");
    expect(world.addresses(web.namespace)).toEqual(["10.77.0.60/24"]);
    using route = openRoute({ namespace: web.namespace });
    const routes = route.route.list({ family: "inet", table: 254 });
    expect(routes.filter(({ dst }) => dst === undefined).map(({ gateway }) => gateway)).toEqual([
      "10.77.0.9",
    ]);
    expect(web.refused("CHECK").msg).toContain("it is of 10.77.0.60/24, which prevResult does not have");
    web.del();
  });

  live.test("takes the interface down when it runs out, and CHECK says so; DEL and ADD mend it", async () => {
    using world = new World();
    const server = await world.dhcpd("10.77.0.50 10.77.0.50", SHORT);
    const daemon = await world.daemon("-timeout", "1s", "-resendtimeout", "4s");
    const web = world.network().add("web");
    await server.end("SIGKILL");
    await daemon.says("set down, since its lease has run out");
    using route = openRoute({ namespace: web.namespace });
    expect(route.link.get({ ifname: "eth0" }).flags).not.toContain("up");
    expect(web.refused("CHECK").msg).toContain("it has run out: no server answered");
    await daemon.end("SIGKILL");
    await world.daemon();
    expect(web.refused("CHECK").msg).toContain("it has run out: no server answered");
    await world.dhcpd("10.77.0.50 10.77.0.50", SHORT);
    web.del();
    web.add();
    web.check();
  });

  live.test("that ran out while there was no daemon is asked for anew", async () => {
    using world = new World();
    await world.dhcpd("10.77.0.50 10.77.0.50", 4);
    await (async () => {
      const first = await world.daemon();
      world.network().add("web");
      await first.end("SIGKILL");
    })();
    await Bun.sleep(4500);
    const second = await world.daemon();
    const file = `${world.leases}/net:web:eth0`;
    const before = readFileSync(file, "utf8");
    await until(
      () => readFileSync(file, "utf8") !== before,
      "a new lease",
      () => second.text,
    );
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ lease: { address: "10.77.0.50/24" } });
  });

  live.test("is forgotten when its interface vanishes", async () => {
    using world = new World();
    await world.dhcpd("10.77.0.50 10.77.0.59", SHORT);
    const daemon = await world.daemon();
    const web = world.network().add("web");
    const db = world.network().add("db");
    using route = openRoute({ namespace: web.namespace });
    route.link.delete({ ifname: "eth0" });
    world.host.end(db.namespace);
    await until(
      () => readdirSync(world.leases).length === 0,
      "both to be forgotten",
      () => daemon.text,
    );
    expect(daemon.text).toContain("has no link eth0");
    expect(daemon.text).toContain("there is no namespace at");
    web.del();
    db.del();
  });

  live.test("is not handed on to another interface of the same name, nor to another namespace", async () => {
    using world = new World();
    await world.dhcpd("10.77.0.50 10.77.0.59");
    const first = await world.daemon();
    const container = world.container();
    expect(world.call("ADD", "web", container).exit).toBe(0);
    await first.end("SIGKILL");
    using route = openRoute({ namespace: container });
    route.link.delete({ ifname: "eth0" });
    world.plug(container, "eth0");
    const second = await world.daemon();
    await second.says("forgetting the lease of eth0 of web");
    expect(errorOf(world.call("CHECK", "web", container)).msg).toContain("the daemon knows of none");
  });

  live.test("ends when somebody removes its file", async () => {
    using world = new World();
    const server = await world.dhcpd("10.77.0.50 10.77.0.50");
    const daemon = await world.daemon();
    world.network().add("web");
    await Bun.file(`${world.leases}/net:web:eth0`).delete();
    await daemon.says("its file has been removed");
    await server.says("DHCPRELEASE of 10.77.0.50");
  });

  live.test(
    "is not read from a file that is torn, hostile or of another boot; the daemon starts all the same",
    async () => {
      using world = new World();
      await world.dhcpd("10.77.0.50 10.77.0.50");
      const first = await world.daemon();
      const web = world.network().add("web");
      await first.end("SIGKILL");
      const good = readFileSync(`${world.leases}/net:web:eth0`, "utf8");
      const put = (name: string, text: string) => writeFileSync(`${world.leases}/${name}`, text);
      put("net:torn:eth0", good.slice(0, 100));
      put("net:empty:eth0", "");
      put("net:other:eth0", good);
      put("net:boot:eth0", good.replace('"web"', '"boot"').replace(/"boot":"[^"]*"/, '"boot":"another"'));
      put("net:bad:eth0", good.replace('"web"', '"bad"').replace("10.77.0.50/24", "; rm -rf"));
      put(".unfinished-1-2", good);
      const second = await world.daemon();
      await second.says("going on with 1 leases");
      expect(readdirSync(world.leases)).toEqual(["net:web:eth0"]);
      web.check();
    },
  );

  live.test("survives a server's refusal to renew: it is asked for anew at once", async () => {
    using world = new World();
    const first = await world.dhcpd("10.77.0.50 10.77.0.50", SHORT);
    const daemon = await world.daemon();
    const web = world.network().add("web");
    await first.end("SIGKILL");
    await world.dnsmasq("10.77.0.70,10.77.0.70", "--dhcp-authoritative");
    await daemon.says("lease of 10.77.0.70/24 in the place of 10.77.0.50/24");
    expect(world.addresses(web.namespace)).toEqual(["10.77.0.70/24"]);
  });

  live.test("is declined when somebody else answers for its address", async () => {
    using world = new World();
    const squatter = world.container();
    using route = openRoute({ namespace: squatter });
    route.address.add({
      index: route.link.get({ ifname: "eth0" }).index,
      address: "10.77.0.50",
      prefixlen: 24,
    });
    const server = await world.dhcpd("10.77.0.50 10.77.0.51");
    await world.daemon("-probe", "300ms");
    const { stdout } = world.call("ADD", "web", world.container());
    expect(JSON.parse(stdout)).toMatchObject({ ips: [{ address: "10.77.0.51/24" }] });
    await server.says("DHCPDECLINE of 10.77.0.50");
  });

  live.test("is asked for by broadcast when the daemon is told so", async () => {
    using world = new World();
    await world.dnsmasq("10.77.0.50,10.77.0.50");
    await world.daemon("-broadcast");
    expect(world.call("ADD", "web", world.container()).exit).toBe(0);
    expect(existsSync(`${world.leases}/net:web:eth0`)).toBe(true);
  });
});
