/** A network that says no more than its type: what containers get, whom they reach, and how they are seen. */
import { expect } from "bun:test";
import { needs } from "../../needs.ts";
import { Host, hostAddress, outsideAddress } from "../host.ts";
import { addresses, link, routes, sysctl } from "../kernel.ts";
import { ask, serve } from "../talk.ts";
import { dualStack, flatnet, plain } from "./configuration.ts";

const live = needs("namespaces", "program:ip");

live.describe("a network that says no more than its type", () => {
  live.test("has a bridge with the gateway's address", () => {
    using host = new Host();
    host.network(plain).add("web");
    expect(link(host.namespace, "flatnet-br0")).toMatchObject({
      operstate: "UP",
      mtu: 1500,
      linkinfo: { info_kind: "bridge" },
    });
    expect(addresses(host.namespace, "flatnet-br0")).toEqual(["10.87.1.1/24"]);
    expect(sysctl(host.namespace, "net/ipv4/ip_forward")).toBe("1");
  });

  live.test("gives the container an address and a default route, and says so", () => {
    using host = new Host();
    const { namespace, result, hostLink } = host.network(plain).add("web");
    const eth0 = link(namespace, "eth0");
    expect(eth0).toMatchObject({ operstate: "UP", linkinfo: { info_kind: "veth" } });
    expect(addresses(namespace, "eth0")).toEqual(["10.87.1.2/24"]);
    expect(routes(namespace)).toEqual([
      "default via 10.87.1.1 dev eth0",
      "10.87.1.0/24 dev eth0 proto kernel scope link src 10.87.1.2",
    ]);
    expect(link(host.namespace, hostLink)).toMatchObject({ master: "flatnet-br0", operstate: "UP" });
    expect(result).toEqual({
      cniVersion: "1.0.0",
      interfaces: [
        { name: "flatnet-br0", mac: link(host.namespace, "flatnet-br0").address },
        { name: hostLink, mac: link(host.namespace, hostLink).address },
        { name: "eth0", mac: eth0.address, sandbox: namespace.path },
      ],
      ips: [{ address: "10.87.1.2/24", gateway: "10.87.1.1", interface: 2 }],
      routes: [{ dst: "0.0.0.0/0", gw: "10.87.1.1" }],
    });
  });

  live.test("lets containers reach one another under their own addresses", async () => {
    using host = new Host();
    const network = host.network(plain);
    const [web, shop] = [network.add("web"), network.add("shop")];
    using _server = await serve(web.namespace, { port: 80, name: "web" });
    expect(await ask(shop.namespace, { address: web.address(), port: 80 })).toEqual({
      from: "web",
      client: shop.address(),
    });
  });

  live.test("lets the host reach its containers, and containers their host", async () => {
    using host = new Host();
    const web = host.network(plain).add("web");
    using _server = await serve(web.namespace, { port: 80, name: "web" });
    using _host = await serve(host.namespace, { port: 81, name: "host" });
    expect(await ask(host.namespace, { address: web.address(), port: 80 })).toMatchObject({ from: "web" });
    expect(await ask(web.namespace, { address: "10.87.1.1", port: 81 })).toMatchObject({ from: "host" });
  });

  live.test("shows containers to the outside under the host's address", async () => {
    using host = new Host();
    const web = host.network(plain).add("web");
    using _tcp = await serve(host.outside, { port: 7000, name: "outside" });
    using _udp = await serve(host.outside, { protocol: "udp", port: 7000, name: "outside" });
    const seen = { from: "outside", client: hostAddress.v4 };
    expect(await ask(web.namespace, { address: outsideAddress.v4, port: 7000 })).toEqual(seen);
    expect(await ask(web.namespace, { protocol: "udp", address: outsideAddress.v4, port: 7000 })).toEqual(
      seen,
    );
  });

  live.test(
    "masquerades what goes to containers of another network, as what goes anywhere else",
    async () => {
      using host = new Host();
      const first = host.network(plain).add("web");
      const second = host
        .network({ ...flatnet({ bridge: "flatnet-br1", hostId: 7 }), name: "other" })
        .add("shop");
      using _server = await serve(first.namespace, { port: 80, name: "web" });
      const answer = await ask(second.namespace, { address: first.address(), port: 80 });
      expect(answer).toEqual({ from: "web", client: "10.87.1.1" });
    },
  );
});

live.describe("a network of both families", () => {
  live.test("gives an address and a default route of each", () => {
    using host = new Host();
    const { namespace, result } = host.network(flatnet(dualStack)).add("web");
    expect(addresses(namespace, "eth0")).toEqual(["10.87.1.2/24", "fd00:87:1::2/64"]);
    expect(addresses(host.namespace, "flatnet-br0")).toEqual(["10.87.1.1/24", "fd00:87:1::1/64"]);
    expect(routes(namespace, 6)).toContain("default via fd00:87:1::1 dev eth0 metric 1024 pref medium");
    expect(result.routes).toEqual([
      { dst: "0.0.0.0/0", gw: "10.87.1.1" },
      { dst: "::/0", gw: "fd00:87:1::1" },
    ]);
    expect(sysctl(host.namespace, "net/ipv6/conf/all/forwarding")).toBe("1");
  });

  live.test("masquerades both, and neither between containers", async () => {
    using host = new Host();
    const network = host.network(flatnet(dualStack));
    const [web, shop] = [network.add("web"), network.add("shop")];
    using _outside = await serve(host.outside, { port: 7000, name: "outside" });
    using _web = await serve(web.namespace, { port: 80, name: "web" });
    expect(await ask(web.namespace, { address: outsideAddress.v6, port: 7000 })).toEqual({
      from: "outside",
      client: hostAddress.v6,
    });
    expect(await ask(shop.namespace, { address: web.address(6), port: 80 })).toEqual({
      from: "web",
      client: shop.address(6),
    });
  });
});
