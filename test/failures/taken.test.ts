/** What an ADD needs is taken by something else: it is refused, leaves nothing, and what was there stays as it was. */
import { expect } from "bun:test";
import { inside, type Namespace } from "../../netlink/socket/namespace.ts";
import { SharedLock } from "../../src/sys/locks.ts";
import { needs } from "../needs.ts";
import { Host } from "../plugins/host.ts";
import { addresses, elements, links, program } from "../plugins/kernel.ts";
import { type Call, forEach, refused, succeed } from "./call.ts";
import { flatnet, ports } from "./networks.ts";
import { traces, wholeState } from "./traces.ts";

const live = needs("namespaces", "program:unshare", "program:ip", "program:nft");

const ip = (at: Namespace, words: string): string => program(at, "ip", ...words.split(" "));

interface Taken {
  /** What stands in the way. */
  readonly prepare: (host: Host, container: Namespace) => unknown;
  readonly config?: object;
  readonly words: RegExp;
}

const inRange = (host: Host, rangeEnd: string) =>
  flatnet(host, {
    ipam: { subnet: "10.1.2.0/24", rangeStart: "10.1.2.2", rangeEnd },
    runtimeConfig: undefined,
  });

/** The name that the host's end of the attachment has: known from an ADD and DEL before. */
async function hostLink(host: Host, container: Namespace): Promise<string> {
  const call = { config: flatnet(host), netns: container };
  const result = await succeed(host, "ADD", call);
  await succeed(host, "DEL", call);
  return result!.interfaces![1]!.name;
}

const cases: Record<string, Taken> = {
  "the interface's name by a link of the container": {
    prepare: (_, container) => ip(container, "link add eth0 type bridge"),
    words: /the container has an interface eth0 already; .*another CNI_IFNAME/,
  },
  "the name of the host's end by a link of somebody else": {
    prepare: async (host, container) =>
      ip(host.namespace, `link add ${await hostLink(host, container)} type bridge`),
    words: /the host has a link veth\w+ already, of another owner; delete or rename it/,
  },
  "the bridge's name by the cable to the outside": {
    prepare: () => undefined,
    config: { bridge: "uplink0" },
    words: /uplink0: .*not a bridge but veth; give another name in "bridge"/,
  },
  "the bridge by another subnet": {
    prepare: (host) => {
      ip(host.namespace, "link add flatnet-br0 type bridge");
      ip(host.namespace, "address add 10.5.0.1/16 dev flatnet-br0");
    },
    words: /flatnet-br0 has the address 10.5.0.1\/16 already; give another "bridge"/,
  },
  "every address by other containers": {
    prepare: (host) =>
      succeed(host, "ADD", { config: inRange(host, "10.1.2.2"), netns: host.container(), id: "other" }),
    config: { ipam: { subnet: "10.1.2.0/24", rangeStart: "10.1.2.2", rangeEnd: "10.1.2.2" } },
    words: /all addresses are taken: 1 of 1 by containers; .*widen the range/,
  },
  "the port by another container": {
    prepare: (host) => succeed(host, "ADD", { config: flatnet(host), netns: host.container(), id: "other" }),
    words: /port 0.0.0.0:8080\/tcp: it is taken by the container flatnet other eth0; publish another port/,
  },
  "the attachment by its own earlier ADD": {
    prepare: (host, container) => succeed(host, "ADD", { config: flatnet(host), netns: container }),
    words: /the container has an interface eth0 already; is it attached already\? Call DEL first/,
  },
};

live.describe("an ADD is refused when it finds taken", () => {
  live.test.each(Object.entries(cases))("%s", async (_, { prepare, config, words }) => {
    using host = new Host();
    const container = host.container();
    await prepare(host, container);
    const before = wholeState(host, container);
    const error = await refused(host, "ADD", { config: flatnet(host, config as never), netns: container });
    expect(error).toMatchObject({ code: 999, msg: expect.stringMatching(words) });
    expect(wholeState(host, container)).toEqual(before);
  });
});

live.describe("an ADD that fails on its last steps", () => {
  /** A route that the kernel refuses when everything else is there. */
  const failing = (host: Host) =>
    flatnet(host, { ipam: { routes: [{ dst: "10.0.0.0/8", gw: "192.168.9.9" }] } });

  live.test("takes back the gateway's address on a bridge that was there without one", async () => {
    using host = new Host();
    ip(host.namespace, "link add flatnet-br0 type bridge");
    await refused(host, "ADD", { config: failing(host), netns: host.container() });
    expect(addresses(host.namespace, "flatnet-br0")).toEqual([]);
  });

  live.test("takes back the bridge that it made, with its addresses of both families", async () => {
    using host = new Host();
    const ranges = [[{ subnet: "10.1.2.0/24" }], [{ subnet: "fd00:1::/64" }]];
    const config = flatnet(host, { ipam: { ranges, routes: [{ dst: "10.0.0.0/8", gw: "192.168.9.9" }] } });
    const before = wholeState(host);
    await refused(host, "ADD", { config, netns: host.container() });
    expect(wholeState(host)).toEqual(before);
  });

  live.test("leaves the bridge to a call that is under way, and may be about to use it", async () => {
    using host = new Host();
    using _underWay = inside(host.namespace, () => new SharedLock("/proc/thread-self/ns/net"));
    await refused(host, "ADD", { config: failing(host), netns: host.container() });
    expect(addresses(host.namespace, "flatnet-br0")).toEqual(["10.87.1.1/24"]);
  });

  live.test("leaves the bridge to the containers that came in the meantime", async () => {
    using host = new Host();
    const good = Array.from(
      { length: 6 },
      (_, index): Call => ({
        config: flatnet(host, { runtimeConfig: undefined }),
        netns: host.container(),
        id: `good${index}`,
      }),
    );
    const bad = good.map(
      ({ id }): Call => ({ config: failing(host), netns: host.container(), id: `not-so-${id}` }),
    );
    await Promise.all([
      ...good.map((call) => succeed(host, "ADD", call)),
      ...bad.map((call) => refused(host, "ADD", call)),
    ]);
    const ports = links(host.namespace).filter(({ master }) => master === "flatnet-br0");
    expect(ports).toHaveLength(good.length);
    expect(addresses(host.namespace, "flatnet-br0")).toEqual(["10.87.1.1/24"]);
    await forEach(good, async (call) => void (await succeed(host, "DEL", call)));
    expect(traces(host)).toEqual([]);
  });
});

live.test("of twenty containers that want a port whose owner died, one gets it", async () => {
  using host = new Host();
  const wanting = (id: string): Call => ({
    config: flatnet(host, { runtimeConfig: ports({ hostPort: 7777 }) }),
    netns: host.container(),
    id,
  });
  const dead = await succeed(host, "ADD", wanting("dead"));
  ip(host.namespace, `link delete ${dead!.interfaces![1]!.name}`);

  const calls = Array.from({ length: 20 }, (_, index) => wanting(`c${index}`));
  const given = await Promise.all(
    calls.map((call) =>
      succeed(host, "ADD", call).then(
        (result) => result!.ips![0]!.address,
        () => undefined,
      ),
    ),
  );
  const winners = given.filter((address) => address !== undefined);
  expect(winners).toHaveLength(1);
  expect(elements(host.namespace, "anyports4").join()).toContain(winners[0]!.replace("/24", " . 80"));
});
