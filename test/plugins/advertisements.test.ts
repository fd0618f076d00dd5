/** Containers that tell the host where to route (CVE-2020-10749) are not heard, on whatever way. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import { advertiseRouter } from "./frames.ts";
import { Host, UPLINK } from "./host.ts";
import { program, routes, setSysctl, sysctl } from "./kernel.ts";

const live = needs("namespaces", "program:ip");

/** To all nodes, and the addresses that bridges hand to the port's own link instead of the other ports. */
const destinations = ["33:33:00:00:00:01", "01:80:c2:00:00:0e", "01:80:c2:00:00:03"];

const network = { cniVersion: "1.0.0", name: "net" };
const ipam = { type: "host-local", subnet: "10.1.2.0/24" };

live.describe.each([
  ["flatnet", { type: "flatnet" }, "flatnet-br0"],
  ["bridge", { type: "bridge", isGateway: true, ipam }, "cni0"],
  ["bridge without addresses", { type: "bridge" }, "cni0"],
])("%s", (_, plugin, bridge) => {
  live.test.each(destinations)(
    "a router advertisement to %s changes none of the host's routes",
    async (to) => {
      using host = new Host();
      const web = host.network({ ...network, plugins: [plugin] }).add("web");
      advertiseRouter(web.namespace, "eth0", to);
      await Bun.sleep(50);
      expect(routes(host.namespace, 6).filter((line) => line.startsWith("default"))).toEqual([]);
    },
  );

  live.test("on a bridge that somebody made it changes none either", async () => {
    using host = new Host();
    program(host.namespace, "ip", "link", "add", bridge, "up", "type", "bridge");
    const web = host.network({ ...network, plugins: [plugin] }).add("web");
    for (const to of destinations) advertiseRouter(web.namespace, "eth0", to);
    await Bun.sleep(50);
    expect(routes(host.namespace, 6).filter((line) => line.startsWith("default"))).toEqual([]);
  });

  live.test("a host that wants to hear hears: the frames of these tests are good ones", async () => {
    using host = new Host();
    const web = host.network({ ...network, plugins: [plugin] }).add("web");
    for (const link of [bridge, web.hostLink])
      setSysctl(host.namespace, `net/ipv6/conf/${link}/accept_ra`, "1");
    const heard = async (to: string): Promise<boolean> => {
      advertiseRouter(web.namespace, "eth0", to);
      await Bun.sleep(50);
      return routes(host.namespace, 6).some((line) => line.startsWith("default via fe80::66"));
    };
    expect(await heard(destinations[1]!)).toBe(true);
    program(host.namespace, "ip", "-6", "route", "flush", "default");
    expect(await heard(destinations[0]!)).toBe(true);
  });
});

live.describe("when a host begins to forward IPv6", () => {
  const dual = { type: "host-local", ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "fd00:1:2::/64" }]] };
  const lan = { ...network, plugins: [{ type: "bridge", isGateway: true, ipam: dual }] };
  const accepting = (host: Host, link: string): string =>
    sysctl(host.namespace, `net/ipv6/conf/${link}/accept_ra`);
  const defaultRoutes = (host: Host): string[] =>
    routes(host.namespace, 6).filter((line) => line.startsWith("default"));

  /** A host that has its default route from a router outside. */
  async function advertisedHost(): Promise<Host> {
    const host = new Host();
    advertiseRouter(host.outside, UPLINK, destinations[0]!);
    for (let tries = 0; tries < 100 && defaultRoutes(host).length === 0; tries++) await Bun.sleep(20);
    expect(defaultRoutes(host)).toHaveLength(1);
    return host;
  }

  live.test("it keeps the routes that a router has advertised, and hears it on", async () => {
    using host = await advertisedHost();
    const before = defaultRoutes(host).map((line) => line.replace(/ expires.*/, ""));
    host.network(lan).add("web");
    expect(sysctl(host.namespace, "net/ipv6/conf/all/forwarding")).toBe("1");
    expect(accepting(host, UPLINK)).toBe("2");
    expect(defaultRoutes(host).map((line) => line.replace(/ expires.*/, ""))).toEqual(before);
    program(host.namespace, "ip", "-6", "route", "flush", "default");
    advertiseRouter(host.outside, UPLINK, destinations[0]!);
    await Bun.sleep(50);
    expect(defaultRoutes(host)).toHaveLength(1);
  });

  live.test("it stays deaf where it was, and on bridges of others", async () => {
    using host = await advertisedHost();
    setSysctl(host.namespace, `net/ipv6/conf/${UPLINK}/accept_ra`, "0");
    program(host.namespace, "ip", "link", "add", "docker0", "up", "type", "bridge");
    host.network(lan).add("web");
    expect([accepting(host, UPLINK), accepting(host, "docker0")]).toEqual(["0", "1"]);
  });
});
