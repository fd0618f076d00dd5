/** `ptp` as a runtime drives it: what a container reaches, single addresses, errors, and what an ADD that fails leaves. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import { type Configuration, errorOf } from "./call.ts";
import { Host, hostAddress, outsideAddress } from "./host.ts";
import { addresses, elements, link, program, routes, sysctl, vethNames } from "./kernel.ts";
import { ask, serve } from "./talk.ts";

const live = needs("namespaces", "program:ip", "program:nft");

const range = { type: "host-local", subnet: "10.1.2.0/24" };
const dual = { type: "host-local", ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "fd00:1:2::/64" }]] };

const ptp = (keys: object = {}, cniVersion = "1.1.0"): Configuration => ({
  cniVersion,
  name: "net",
  plugins: [{ type: "ptp", ipam: range, ...keys }],
});

const single = (...list: object[]) => ({ ipam: { type: "static", addresses: list } });

live.describe("ptp", () => {
  live.test("containers reach the host, one another and the outside, in both families", async () => {
    using host = new Host();
    const ipam = { ...dual, routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }] };
    const network = host.network(ptp({ ipMasq: true, ipam }));
    const [web, shop] = [network.add("web"), network.add("shop")];
    using _host = await serve(host.namespace, { port: 7000, name: "host" });
    using _web = await serve(web.namespace, { port: 7000, name: "web" });
    using _outside = await serve(host.outside, { port: 7000, name: "outside" });
    for (const address of ["10.1.2.1", "fd00:1:2::1", hostAddress.v4, hostAddress.v6])
      expect(await ask(shop.namespace, { address, port: 7000 })).toMatchObject({ from: "host" });
    for (const family of [4, 6] as const) {
      expect(await ask(shop.namespace, { address: web.address(family), port: 7000 })).toEqual({
        from: "web",
        client: shop.address(family),
      });
      expect(await ask(host.namespace, { address: web.address(family), port: 7000 })).toMatchObject({
        from: "web",
      });
    }
    expect(await ask(shop.namespace, { address: outsideAddress.v4, port: 7000 })).toEqual({
      from: "outside",
      client: hostAddress.v4,
    });
    expect(await ask(shop.namespace, { address: outsideAddress.v6, port: 7000 })).toEqual({
      from: "outside",
      client: hostAddress.v6,
    });
  });

  live.test("a backend that the reference has changes nothing, and one that nobody has is refused", () => {
    using host = new Host();
    const masqueraded = (ipMasqBackend: string) => ptp({ ipMasq: true, ipMasqBackend });
    for (const backend of ["iptables", "nftables"]) {
      const web = host.network(masqueraded(backend)).add(backend);
      expect(elements(host.namespace, "masquerade4")).toEqual([expect.stringContaining(web.address())]);
      web.del();
    }
    expect(host.network(masqueraded("ipfw")).refuse("web")).toMatchObject({
      code: 7,
      msg: expect.stringContaining("ipMasqBackend"),
    });
  });

  live.test("an address that is a network of its own has its gateway, and no network behind it", async () => {
    using host = new Host();
    const config = ptp({
      ipam: {
        type: "static",
        addresses: [
          { address: "10.1.2.5/32", gateway: "169.254.1.1" },
          { address: "fd00:1:2::5/128", gateway: "fd00:1:2::1" },
        ],
        routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }],
      },
    });
    const web = host.network(config).add("web");
    expect(addresses(web.namespace, "eth0")).toEqual(["10.1.2.5/32", "fd00:1:2::5/128"]);
    expect(routes(web.namespace)).toEqual([
      "default via 169.254.1.1 dev eth0",
      "169.254.1.1 dev eth0 scope link src 10.1.2.5",
    ]);
    expect(routes(web.namespace, 6)).toContain(
      "fd00:1:2::1 dev eth0 src fd00:1:2::5 metric 1024 pref medium",
    );
    using _host = await serve(host.namespace, { port: 7000, name: "host" });
    expect(await ask(web.namespace, { address: "169.254.1.1", port: 7000 })).toMatchObject({ from: "host" });
    web.check();
    web.del();
    expect(vethNames(host.namespace)).toEqual([]);
  });

  live.test("several addresses of a network share its gateway and its route", async () => {
    using host = new Host();
    const [first, second] = ["10.1.2.5", "10.1.2.6"];
    const addresses = [first, second].map((each) => ({ address: `${each}/24`, gateway: "10.1.2.1" }));
    const web = host.network(ptp(single(...addresses))).add("web");
    expect(routes(web.namespace)).toEqual([
      "10.1.2.0/24 via 10.1.2.1 dev eth0 src 10.1.2.5",
      "10.1.2.1 dev eth0 scope link src 10.1.2.5",
    ]);
    using _web = await serve(web.namespace, { port: 7000, name: "web" });
    for (const address of [first!, second!])
      expect(await ask(host.namespace, { address, port: 7000 })).toMatchObject({ from: "web" });
    web.check();
  });

  live.test("routes have their MTU and segment size", () => {
    using host = new Host();
    const ipam = { ...range, routes: [{ dst: "192.168.1.0/24", mtu: 1400, advmss: 1300 }] };
    const web = host.network(ptp({ ipam })).add("web");
    expect(routes(web.namespace)).toContain("192.168.1.0/24 via 10.1.2.1 dev eth0 mtu 1400 advmss 1300");
  });

  live.test("the host hears no router advertisements of the container, and forwards", () => {
    using host = new Host();
    const { hostLink } = host.network(ptp({ ipam: dual })).add("web");
    expect(sysctl(host.namespace, `net/ipv6/conf/${hostLink}/accept_ra`)).toBe("0");
    expect(sysctl(host.namespace, "net/ipv4/ip_forward")).toBe("1");
    expect(sysctl(host.namespace, "net/ipv6/conf/all/forwarding")).toBe("1");
  });

  live.test("detects duplicates of the container's IPv6 addresses before it is done", () => {
    using host = new Host();
    const web = host.network(ptp({ ipam: dual })).add("web");
    expect(sysctl(web.namespace, "net/ipv6/conf/eth0/accept_dad")).not.toBe("0");
    expect(program(web.namespace, "ip", "-6", "address", "show", "tentative")).toBe("");
  });

  live.test("refuses addresses without a gateway, and leaves nothing", () => {
    using host = new Host();
    const network = host.network(ptp(single({ address: "10.1.2.5/24" })));
    expect(network.refuse("web")).toMatchObject({
      code: 999,
      msg: "use the address 10.1.2.5/24: it came without a gateway, which the host is to be; give one under ipam",
    });
    expect(vethNames(host.namespace)).toEqual([]);
  });

  live.test("refuses an address that the host reaches by another link, and leaves nothing", () => {
    using host = new Host();
    const network = host.network(ptp(single({ address: "10.1.2.5/24", gateway: "10.1.2.1" })));
    const first = network.add("first");
    expect(network.refuse("second").msg).toContain(
      "make the route to 10.1.2.5/32 (host): there is another one",
    );
    expect(vethNames(host.namespace)).toEqual([first.hostLink]);
    expect(host.leases("net")).toEqual([]);
    first.check();
  });

  live.test("CHECK names what is gone on either side", () => {
    using host = new Host();
    const web = host.network(ptp({ ipMasq: true })).add("web");
    web.check();
    program(web.namespace, "ip", "route", "delete", "10.1.2.0/24");
    program(host.namespace, "ip", "route", "delete", "10.1.2.2");
    program(host.namespace, "ip", "address", "delete", "10.1.2.1/32", "dev", web.hostLink);
    program(host.namespace, "nft", "delete element inet flatnet masquerade4 { 10.1.2.2 }");
    const { msg } = web.refused("CHECK");
    for (const words of [
      "route to 10.1.2.0/24 via 10.1.2.1 on eth0 (container): it is not there",
      `gateway address 10.1.2.1/32 on ${web.hostLink}: it is not there`,
      `route to 10.1.2.2/32 on ${web.hostLink} (host): it is not there`,
      "address 10.1.2.2 is missing in masquerade4",
    ])
      expect(msg).toContain(words);
  });

  live.test("GC takes what belongs to no attachment that it is told of", () => {
    using host = new Host();
    const network = host.network(ptp({ ipMasq: true }));
    const [web, lost, gone] = [network.add("web"), network.add("lost"), network.add("gone")];
    host.end(gone.namespace);
    network.gc([web]);
    web.check();
    expect(vethNames(host.namespace)).toEqual([web.hostLink]);
    expect(vethNames(lost.namespace)).toEqual([]);
    expect(host.leases("net")).toEqual([web.address()]);
    const left = ["local4", "masquerade4", "network4"].flatMap((set) => elements(host.namespace, set));
    expect(left).toHaveLength(3);
    expect(left.filter((element) => !element.includes("if: eth0, id: web,"))).toEqual([]);
  });

  live.test("DEL works any number of times, without a result, a namespace, or a valid configuration", () => {
    using host = new Host();
    const web = host.network(ptp({ ipMasq: true })).add("web");
    host.end(web.namespace);
    web.forget();
    web.del();
    web.del();
    expect(elements(host.namespace, "masquerade4")).toEqual([]);
    const shop = host.network(ptp({ ipMasq: true })).add("shop");
    const broken = host.network(ptp({ ipMasq: true, mtu: "large", ipam: undefined }));
    broken.container("shop", { namespace: shop.namespace }).del();
    expect(vethNames(host.namespace)).toEqual([]);
  });

  live.test("STATUS asks IPAM, and looks for chains in the way of the containers' packets", () => {
    using host = new Host();
    const network = host.network(ptp({ ipMasq: true }));
    expect(network.status()).toEqual({ exit: 0, stdout: "", stderr: "" });
    program(host.namespace, "nft", "add table ip mine");
    const chain = "add chain ip mine forward { type filter hook forward priority 0; policy drop; }";
    program(host.namespace, "nft", chain);
    const { code, msg } = errorOf(network.status());
    expect(code).toBe(50);
    for (const [command] of msg.matchAll(/nft insert rule [^;]* accept/g))
      program(host.namespace, "sh", "-c", command);
    expect(network.status()).toMatchObject({ exit: 0 });
    expect(errorOf(host.network(ptp({ ipam: undefined })).status()).msg).toContain("set ipam.type");
  });

  live.test("the interface has the MTU on both ends", () => {
    using host = new Host();
    const { namespace, hostLink } = host.network(ptp({ mtu: 1400 })).add("web");
    expect([link(host.namespace, hostLink).mtu, link(namespace, "eth0").mtu]).toEqual([1400, 1400]);
  });
});
