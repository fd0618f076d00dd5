/** Published ports: from where they are answered, by whom, and who may have them. */
import { expect } from "bun:test";
import { needs } from "../../needs.ts";
import { Host, hostAddress, outsideAddress } from "../host.ts";
import { elements, program, ruleset, setSysctl, vethNames } from "../kernel.ts";
import type { Attachment } from "../network.ts";
import { sctpPortSeen } from "../sctp.ts";
import { type Answer, ask, serve, udpClient } from "../talk.ts";
import { dualStack, flatnet } from "./configuration.ts";

const live = needs("namespaces");
const shown = needs("namespaces", "program:nft", "program:ip");

interface Mapping {
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly hostIP?: string;
}

const publishing = (...portMappings: readonly Mapping[]) => ({ runtimeConfig: { portMappings } });

/** Port 80 of the container as port 8080 of the host. */
const web = (more: Partial<Mapping> = {}): Mapping => ({
  hostPort: 8080,
  containerPort: 80,
  protocol: "tcp",
  ...more,
});

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

shown.test("each published port is one element that names its owner", () => {
  using host = new Host();
  const mappings = [
    { hostPort: 8080, containerPort: 80, protocol: "tcp" },
    { hostPort: 53, containerPort: 5353, protocol: "udp", hostIP: "127.0.0.1" },
    { hostPort: 9000, containerPort: 9899, protocol: "sctp" },
  ] as const;
  const { hostLink } = host.network(flatnet()).add("web", publishing(...mappings));
  const comment = `comment "flatnet flatnet web eth0 ${hostLink}"`;
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

/** What two containers that want the same port do to one another. */
shown.describe("a port that another container publishes", () => {
  const wanting = publishing(web({ hostPort: 8081 }), web());

  shown.test("is refused with the name of its owner, and nothing is left of the refused", () => {
    using host = new Host();
    const network = host.network(flatnet());
    const owner = network.add("owner", publishing(web()));
    const before = {
      rules: ruleset(host.namespace),
      links: vethNames(host.namespace),
      leases: host.leases("flatnet"),
    };
    const late = network.container("late", wanting);
    const { code, msg } = late.refused("ADD");
    expect(code).toBe(999);
    expect(msg).toContain("0.0.0.0:8080/tcp");
    expect(msg).toContain("flatnet owner eth0");
    expect({
      rules: ruleset(host.namespace),
      links: vethNames(host.namespace),
      leases: host.leases("flatnet"),
    }).toEqual(before);
    expect(vethNames(late.namespace)).toEqual([]);
    owner.check();
  });

  shown.test("stays with its owner after the DEL that follows a refused ADD", async () => {
    using host = new Host();
    const network = host.network(flatnet());
    const owner = network.add("owner", publishing(web()));
    const late = network.container("late", wanting);
    late.refused("ADD");
    late.del();
    using _server = await serve(owner.namespace, { port: 80, name: "owner" });
    expect(await ask(host.outside, { address: hostAddress.v4, port: 8080 })).toMatchObject({ from: "owner" });
    owner.check();
  });

  shown.test("is free again after its owner's DEL", () => {
    using host = new Host();
    const network = host.network(flatnet());
    network.add("owner", publishing(web())).del();
    network.add("late", wanting).check();
  });

  shown.test("is taken over when its owner's namespace has ended without a DEL", async () => {
    using host = new Host();
    const network = host.network(flatnet());
    const owner = network.add("owner", publishing(web()));
    await ended(host, owner);
    const late = network.add("late", wanting);
    using _server = await serve(late.namespace, { port: 80, name: "late" });
    expect(await ask(host.outside, { address: hostAddress.v4, port: 8080 })).toMatchObject({ from: "late" });
    owner.del();
    late.check();
  });

  shown.test("is not in the way on another address, for another protocol, or in another family", () => {
    using host = new Host();
    const network = host.network(flatnet(dualStack));
    network.add("a", publishing(web({ hostIP: "127.0.0.1" }))).check();
    network.add("b", publishing(web({ hostIP: hostAddress.v4 }))).check();
    network.add("c", publishing(web({ hostIP: hostAddress.v6 }))).check();
    network.add("d", publishing(web({ protocol: "udp" }))).check();
    network.add("e", publishing(web())).check();
  });

  shown.test("is refused to another interface of the same container as well", () => {
    using host = new Host();
    const network = host.network(flatnet());
    const { namespace } = network.add("web", publishing(web()));
    const { msg } = network.refuse("web", { ...publishing(web()), namespace, ifname: "net1" });
    expect(msg).toContain("flatnet web eth0");
  });
});

/** Ends a container's namespace, as a killed runtime leaves it, and waits for the kernel to take its links. */
async function ended(host: Host, { namespace, hostLink }: Attachment): Promise<void> {
  host.end(namespace);
  while (vethNames(host.namespace).includes(hostLink)) await Bun.sleep(10);
}

live.test("a port that is to lead to two places is refused", () => {
  using host = new Host();
  const { code, msg } = host.network(flatnet()).refuse("web", publishing(web(), web({ containerPort: 81 })));
  expect({ code, msg }).toEqual({
    code: 7,
    msg:
      "publish the port 0.0.0.0:8080/tcp: it is to lead to port 80 and to port 81 of the container; " +
      "publish one of them on another port",
  });
  expect(host.leases("flatnet")).toEqual([]);
});

live.test("a port that is listed twice with the same destination is published once", () => {
  using host = new Host();
  const container = host.network(flatnet()).add("web", publishing(web(), web()));
  container.check();
  container.del();
});
