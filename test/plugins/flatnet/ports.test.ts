/** Published ports: from where they are answered, and by whom. */
import { expect } from "bun:test";
import { needs } from "../../needs.ts";
import { Host, hostAddress, outsideAddress } from "../host.ts";
import { elements, program, setSysctl } from "../kernel.ts";
import { sctpPortSeen } from "../sctp.ts";
import { type Answer, ask, serve, udpClient } from "../talk.ts";
import { dualStack, flatnet, type Mapping, publishing, web } from "./configuration.ts";

const live = needs("namespaces");
const shown = needs("namespaces", "program:nft", "program:ip");

/** A host with a container that publishes, a neighbour on its bridge, and a server in the container. */
async function published(mapping: Mapping) {
  const host = new Host();
  const network = host.network(flatnet(dualStack));
  const container = network.add("web", publishing(mapping));
  const neighbour = network.add("neighbour");
  const protocol = mapping.protocol === "udp" ? "udp" : "tcp";
  const server = await serve(container.namespace, { protocol, port: mapping.containerPort, name: "web" });
  const places = {
    outside: host.outside,
    host: host.namespace,
    neighbour: neighbour.namespace,
    itself: container.namespace,
  };
  const reach = (
    from: keyof typeof places,
    address: string,
    patience?: number,
  ): Promise<Answer | undefined> =>
    ask(places[from], {
      protocol,
      address,
      port: mapping.hostPort,
      ...(patience !== undefined && { patience }),
    });
  const dispose = (): void => {
    server[Symbol.dispose]();
    host[Symbol.dispose]();
  };
  return { host, container, neighbour, reach, [Symbol.dispose]: dispose };
}

/** Long enough for an answer that is not to come: those that come take a few milliseconds. */
const BRIEFLY = 200;

live.describe.each(["tcp", "udp"] as const)("a port published for %s", (protocol) => {
  live.test("is answered wherever one asks for an address of the host", async () => {
    using world = await published(web({ protocol }));
    const { reach } = world;
    const fromWeb = expect.objectContaining({ from: "web" });
    expect(await reach("outside", hostAddress.v4)).toEqual({ from: "web", client: outsideAddress.v4 });
    expect(await reach("host", hostAddress.v4)).toEqual(fromWeb);
    expect(await reach("host", "127.0.0.1")).toEqual(fromWeb);
    expect(await reach("host", "127.0.0.53")).toEqual(fromWeb);
    expect(await reach("host", "10.87.1.1")).toEqual(fromWeb);
    expect(await reach("neighbour", hostAddress.v4)).toEqual(fromWeb);
    expect(await reach("neighbour", "10.87.1.1")).toEqual(fromWeb);
    expect(await reach("itself", hostAddress.v4)).toEqual(fromWeb);
    expect(await reach("itself", "10.87.1.1")).toEqual(fromWeb);
  });

  live.test("is answered for IPv6 as well, on every address but loopback", async () => {
    using world = await published(web({ protocol }));
    const { reach } = world;
    const fromWeb = expect.objectContaining({ from: "web" });
    expect(await reach("outside", hostAddress.v6)).toEqual({ from: "web", client: outsideAddress.v6 });
    expect(await reach("host", hostAddress.v6)).toEqual(fromWeb);
    expect(await reach("neighbour", hostAddress.v6)).toEqual(fromWeb);
    expect(await reach("itself", hostAddress.v6)).toEqual(fromWeb);
    expect(await reach("itself", "fd00:87:1::1")).toEqual(fromWeb);
  });

  live.test("on one address is answered on that address only", async () => {
    using world = await published(web({ protocol, hostIP: hostAddress.v4 }));
    const { reach } = world;
    expect(await reach("outside", hostAddress.v4)).toMatchObject({ from: "web" });
    expect(await reach("neighbour", hostAddress.v4)).toMatchObject({ from: "web" });
    expect(await reach("outside", hostAddress.v6, BRIEFLY)).toBeUndefined();
    expect(await reach("host", "127.0.0.1", BRIEFLY)).toBeUndefined();
  });

  live.test("on loopback is answered there only", async () => {
    using world = await published(web({ protocol, hostIP: "127.0.0.1" }));
    const { reach } = world;
    expect(await reach("host", "127.0.0.1")).toMatchObject({ from: "web" });
    expect(await reach("host", hostAddress.v4, BRIEFLY)).toBeUndefined();
    expect(await reach("outside", hostAddress.v4, BRIEFLY)).toBeUndefined();
  });

  live.test("on an IPv6 address is answered there only", async () => {
    using world = await published(web({ protocol, hostIP: hostAddress.v6 }));
    const { reach } = world;
    expect(await reach("outside", hostAddress.v6)).toMatchObject({ from: "web" });
    expect(await reach("outside", hostAddress.v4, BRIEFLY)).toBeUndefined();
  });

  live.test.each(["0.0.0.0", "::"])("on %s is answered on every address of that family", async (hostIP) => {
    using world = await published(web({ protocol, hostIP }));
    const { reach } = world;
    const [asked, other] = hostIP === "::" ? (["v6", "v4"] as const) : (["v4", "v6"] as const);
    expect(await reach("outside", hostAddress[asked])).toMatchObject({ from: "web" });
    expect(await reach("outside", hostAddress[other], BRIEFLY)).toBeUndefined();
  });

  live.test("is answered no more after DEL", async () => {
    using world = await published(web({ protocol }));
    world.container.del();
    expect(await world.reach("outside", hostAddress.v4, BRIEFLY)).toBeUndefined();
  });
});

live.test("a port published for tcp says nothing about udp", async () => {
  using world = await published(web({ protocol: "tcp" }));
  using _server = await serve(world.container.namespace, { protocol: "udp", port: 80, name: "web" });
  const question = { protocol: "udp", address: hostAddress.v4, port: 8080, patience: BRIEFLY } as const;
  expect(await ask(world.host.outside, question)).toBeUndefined();
});

live.test("a port published on one address goes before one published on all", async () => {
  using host = new Host();
  const network = host.network(flatnet());
  const all = network.add("all", publishing(web()));
  const one = network.add("one", publishing(web({ hostIP: "127.0.0.1" })));
  using _all = await serve(all.namespace, { port: 80, name: "all" });
  using _one = await serve(one.namespace, { port: 80, name: "one" });
  expect(await ask(host.namespace, { address: "127.0.0.1", port: 8080 })).toMatchObject({ from: "one" });
  expect(await ask(host.outside, { address: hostAddress.v4, port: 8080 })).toMatchObject({ from: "all" });
});

live.test("what only passes through the host is left alone, whatever its port", async () => {
  using world = await published(web({ hostPort: 7000 }));
  using _outside = await serve(world.host.outside, { port: 7000, name: "outside" });
  const answer = await ask(world.neighbour.namespace, { address: outsideAddress.v4, port: 7000 });
  expect(answer).toEqual({ from: "outside", client: hostAddress.v4 });
});

shown.test("nobody outside reaches the host's loopback, which the bridge now routes", async () => {
  using world = await published(web());
  using _local = await serve(world.host.namespace, { port: 9, name: "local" });
  const { namespace } = world.neighbour;
  setSysctl(namespace, "net/ipv4/conf/eth0/route_localnet", "1");
  program(namespace, "ip", "route", "add", "127.0.0.9", "via", "10.87.1.1");
  expect(await ask(namespace, { address: "127.0.0.9", port: 9, patience: BRIEFLY })).toBeUndefined();
  program(world.host.namespace, "nft", "flush chain inet flatnet guard");
  expect(await ask(namespace, { address: "127.0.0.9", port: 9 })).toMatchObject({ from: "local" });
});

live.test("an SCTP port leads to the container, in either family", () => {
  using host = new Host();
  const mapping = { hostPort: 9000, containerPort: 9899, protocol: "sctp" } as const;
  const { namespace } = host.network(flatnet(dualStack)).add("web", publishing(mapping));
  expect(sctpPortSeen(host.outside, namespace, hostAddress.v4, 9000)).toBe(9899);
  expect(sctpPortSeen(host.outside, namespace, hostAddress.v6, 9000)).toBe(9899);
  expect(sctpPortSeen(host.outside, namespace, hostAddress.v4, 9001)).toBeUndefined();
});

live.test("a container may publish thousands of ports", () => {
  using host = new Host();
  const ports = Array.from({ length: 5000 }, (_, index) => 20000 + index);
  const mappings = ports.map((port) => web({ hostPort: port, containerPort: port }));
  const container = host.network(flatnet(dualStack)).add("web", publishing(...mappings));
  container.check();
  container.del();
});

shown.test("each published port is one element that names its owner", () => {
  using host = new Host();
  const mappings = [
    { hostPort: 8080, containerPort: 80, protocol: "tcp" },
    { hostPort: 53, containerPort: 5353, protocol: "udp", hostIP: "127.0.0.1" },
    { hostPort: 9000, containerPort: 9899, protocol: "sctp" },
  ] as const;
  const { hostLink } = host.network(flatnet()).add("web", publishing(...mappings));
  const comment = `comment "net: flatnet, if: eth0, id: web, by: ${hostLink}, elements: 6"`;
  expect(elements(host.namespace, "anyports4")).toEqual([
    `sctp . 9000 ${comment} : 10.87.1.2 . 9899`,
    `tcp . 8080 ${comment} : 10.87.1.2 . 80`,
  ]);
  expect(elements(host.namespace, "hostports4")).toEqual([
    `127.0.0.1 . udp . 53 ${comment} : 10.87.1.2 . 5353`,
  ]);
});

live.test("a client that keeps sending UDP reaches the container that has the port now", async () => {
  using host = new Host();
  const network = host.network(flatnet());
  const ports = publishing(web({ protocol: "udp" }));
  const old = network.add("old", ports);
  using _old = await serve(old.namespace, { protocol: "udp", port: 80, name: "old" });
  using client = await udpClient(host.outside, { address: hostAddress.v4, port: 8080 });
  expect(await client.ask()).toMatchObject({ from: "old" });
  old.del();
  const next = network.add("next", ports);
  using _next = await serve(next.namespace, { protocol: "udp", port: 80, name: "next" });
  expect(await client.ask()).toMatchObject({ from: "next" });
});

live.test("a client that sent UDP before the port was published reaches the container", async () => {
  using host = new Host();
  const network = host.network(flatnet());
  // The first container makes the table: from then on the kernel remembers flows.
  network.add("first");
  using client = await udpClient(host.outside, { address: hostAddress.v4, port: 8080 });
  expect(await client.ask(100)).toBeUndefined();
  const web8080 = network.add("web", publishing(web({ protocol: "udp" })));
  using _web = await serve(web8080.namespace, { protocol: "udp", port: 80, name: "web" });
  expect(await client.ask()).toMatchObject({ from: "web" });
});
