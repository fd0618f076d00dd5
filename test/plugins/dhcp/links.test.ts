/** Leases of interfaces of other kinds than those of bridge. */
import { expect } from "bun:test";
import { openRoute } from "../../../netlink/route/index.ts";
import { needs } from "../../needs.ts";
import { LAN, World } from "./world.ts";

const live = needs("namespaces", "program:dnsmasq", "link:macvlan");

live.test("macvlan gets a lease of the network that its master is in, and gives it back", async () => {
  using world = new World();
  const server = await world.dnsmasq("10.77.0.50,10.77.0.50");
  await world.daemon();
  // A port of the bridge, as an uplink is, by which macvlan reaches the server.
  using route = openRoute({ namespace: world.host.namespace });
  const peer = { ifname: "up1" };
  route.link.create({ ifname: "up0", linkinfo: { kind: "veth", data: { peer } } });
  const { index } = route.link.get({ ifname: LAN });
  route.link.set({ ifname: "up1", master: index, flags: ["up"], change: ["up"] });
  route.link.set({ ifname: "up0", flags: ["up"], change: ["up"] });
  const ipam = { type: "dhcp", daemonSocketPath: world.socket };
  const plugins = [{ type: "macvlan", master: "up0", ipam }];
  const web = world.host.network({ cniVersion: "1.1.0", name: "net", plugins }).add("web");
  expect(web.address()).toBe("10.77.0.50");
  expect(world.addresses(web.namespace)).toEqual(["10.77.0.50/24"]);
  web.check();
  web.del();
  await server.says("DHCPRELEASE");
});
