/** `portmap` beside Debian's Go plugin of that name: what counts is who is reached by whom, and under which address. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import type { Configuration } from "../plugins/call.ts";
import { goPlugins, ourPlugins } from "../plugins/executable.ts";
import { Host, hostAddress, outsideAddress } from "../plugins/host.ts";
import { program, setSysctl } from "../plugins/kernel.ts";
import type { AttachmentOptions } from "../plugins/network.ts";
import { type Answer, ask, type Question, serve } from "../plugins/talk.ts";
import { expectedDifferences } from "./expected.ts";
import { add, type Call, check, del, differences, look, type Scenario, type Step } from "./play.ts";

const twin = needs("namespaces", `file:${goPlugins}/portmap`, "program:iptables", "program:ip");

interface Mapping {
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol?: string;
  readonly hostIP?: string;
}

const bridge = (name: string, subnets: readonly string[], keys: object = {}) => ({
  type: "bridge",
  bridge: name,
  isDefaultGateway: true,
  hairpinMode: true,
  ipam: { type: "host-local", ranges: subnets.map((subnet) => [{ subnet }]) },
  ...keys,
});

const portmap = (keys: object = {}) => ({
  type: "portmap",
  capabilities: { portMappings: true },
  ...keys,
});

const SUBNETS = ["10.1.2.0/24", "fd00:1:2::/64"];

const network = (keys: object = {}, bridgeKeys: object = {}): Configuration => ({
  cniVersion: "1.0.0",
  name: "net",
  plugins: [bridge("br-net", SUBNETS, bridgeKeys), portmap(keys)],
});

/** The same with a pair for each container and no bridge. */
const pointToPoint = (keys: object = {}, ptpKeys: object = {}): Configuration => ({
  cniVersion: "1.0.0",
  name: "net",
  plugins: [
    {
      type: "ptp",
      ipam: {
        type: "host-local",
        ranges: SUBNETS.map((subnet) => [{ subnet }]),
        routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }],
      },
      ...ptpKeys,
    },
    portmap(keys),
  ],
});

/** A network that publishes nothing and knows nothing of the other. */
const elsewhere: Configuration = {
  cniVersion: "1.0.0",
  name: "elsewhere",
  plugins: [bridge("br-else", ["10.1.3.0/24", "fd00:1:3::/64"])],
};

const publishing = (...portMappings: Mapping[]): AttachmentOptions => ({ runtimeConfig: { portMappings } });

const web: Mapping = { hostPort: 8080, containerPort: 80, protocol: "tcp" };

interface World {
  readonly network: Configuration;
  readonly mappings: readonly Mapping[];
  readonly protocol?: "tcp" | "udp";
  /** Neighbours are behind links of their own: here they are seen as they are, and Go's portmap hides their subnet. */
  readonly showsNeighbours?: true;
  /** Asked beside the usual ones. */
  readonly also?: readonly Question[];
}

/** Until a gateway's IPv6 address has been looked for among the neighbours, which Go's is and ours is not, it is mute. */
async function settled(host: Host): Promise<void> {
  while (program(host.namespace, "ip", "-6", "address", "show", "tentative") !== "") await Bun.sleep(50);
}

/**
 * Bridges pass frames without the rules of IPv4 and IPv6 seeing them, as on a host without br_netfilter: there the answer to
 * a neighbour would go past the host.
 */
function withoutBridgeFilter(host: Host): void {
  for (const key of ["bridge-nf-call-iptables", "bridge-nf-call-ip6tables"]) {
    try {
      setSysctl(host.namespace, `net/bridge/${key}`, "0");
    } catch {}
  }
}

/** Long enough for an answer that is not to come. */
const BRIEFLY = 250;

interface View extends Question {
  readonly from: string;
  readonly seen: Answer | undefined;
}

/** A neighbour is the third container of its network. */
const shown = (view: View): View =>
  view.from === "neighbour" && view.seen !== undefined
    ? { ...view, seen: { ...view.seen, client: view.seen.client.includes(":") ? "fd00:1:2::3" : "10.1.2.3" } }
    : view;

/** Who is reached from everywhere on a host with these plugins, and whom the container sees. */
async function views(plugins: string, world: World): Promise<View[]> {
  const { protocol = "tcp", also = [] } = world;
  using host = new Host(plugins);
  withoutBridgeFilter(host);
  const container = host.network(world.network).add("web", publishing(...world.mappings));
  const neighbour = host.network(world.network).add("neighbour");
  const stranger = host.network(elsewhere).add("stranger");
  await settled(host);
  using _web = await serve(container.namespace, { protocol, port: 80, name: "web" });
  const places = {
    outside: host.outside,
    host: host.namespace,
    neighbour: neighbour.namespace,
    itself: container.namespace,
    stranger: stranger.namespace,
  };
  const questions: Question[] = [
    { address: hostAddress.v4, port: 8080 },
    { address: hostAddress.v6, port: 8080 },
    { address: "10.1.2.1", port: 8080 },
    { address: "127.0.0.1", port: 8080 },
    { address: "10.1.2.2", port: 80 },
    ...also,
  ];
  const asked = Object.entries(places).flatMap(([from, namespace]) =>
    questions
      .filter(({ address }) => address !== "127.0.0.1" || from === "host")
      .map(async (question) => ({
        from,
        ...question,
        seen: await ask(namespace, { protocol, patience: BRIEFLY, ...question }),
      })),
  );
  return await Promise.all(asked);
}

const worlds: Record<string, World> = {
  "a port": { network: network(), mappings: [web] },
  "a UDP port": { network: network(), mappings: [{ ...web, protocol: "udp" }], protocol: "udp" },
  "a port of another number": {
    network: network(),
    mappings: [{ ...web, hostPort: 8081 }],
    also: [{ address: hostAddress.v4, port: 8081 }],
  },
  "several ports": {
    network: network(),
    mappings: [web, { ...web, hostPort: 8081 }, { ...web, hostPort: 8082, hostIP: hostAddress.v4 }],
    also: [
      { address: hostAddress.v4, port: 8081 },
      { address: hostAddress.v4, port: 8082 },
      { address: "10.1.2.1", port: 8082 },
    ],
  },
  "a port on the host's address": { network: network(), mappings: [{ ...web, hostIP: hostAddress.v4 }] },
  "a port on the host's IPv6 address": { network: network(), mappings: [{ ...web, hostIP: hostAddress.v6 }] },
  "a port on 127.0.0.1": { network: network(), mappings: [{ ...web, hostIP: "127.0.0.1" }] },
  "a port on 0.0.0.0": { network: network(), mappings: [{ ...web, hostIP: "0.0.0.0" }] },
  "a port on ::": { network: network(), mappings: [{ ...web, hostIP: "::" }] },
  "a port on an address that is not the host's": {
    network: network(),
    mappings: [{ ...web, hostIP: outsideAddress.v4 }],
    also: [{ address: outsideAddress.v4, port: 8080 }],
  },
  "no snat": { network: network({ snat: false }), mappings: [web] },
  "another mark": { network: network({ markMasqBit: 5 }), mappings: [web] },
  "a condition that outside meets": {
    network: network({ conditionsV4: ["-s", outsideAddress.v4], conditionsV6: ["-s", outsideAddress.v6] }),
    mappings: [web],
  },
  "a condition that outside does not meet": {
    network: network({ conditionsV4: ["!", "-s", `${outsideAddress.v4}/32`] }),
    mappings: [web],
  },
  "a condition on the link": {
    network: network({ conditionsV4: ["-i", "uplink0"], conditionsV6: ["!", "-i", "uplink0"] }),
    mappings: [web],
  },
  "several conditions": {
    network: network({
      conditionsV4: ["-i", "br+", "-s", "10.0.0.0/255.0.0.0", "-m", "comment", "--comment", "here"],
    }),
    mappings: [web],
  },
  "no bridge": { network: pointToPoint(), mappings: [web], showsNeighbours: true },
  "a UDP port without a bridge": {
    network: pointToPoint(),
    mappings: [{ ...web, protocol: "udp" }],
    protocol: "udp",
    showsNeighbours: true,
  },
  "no bridge, and masquerading": {
    network: pointToPoint({}, { ipMasq: true }),
    mappings: [web],
    showsNeighbours: true,
  },
  "no bridge and no snat": { network: pointToPoint({ snat: false }, { ipMasq: true }), mappings: [web] },
  "a bridge that masquerades": { network: network({}, { ipMasq: true }), mappings: [web] },
};

twin.describe("packets find their way as with Go's portmap with", () => {
  twin.test.each(Object.entries(worlds))("%s", async (_, world) => {
    const [go, ours] = [await views(goPlugins, world), await views(ourPlugins(), world)];
    expect(ours).toEqual(world.showsNeighbours ? go.map(shown) : go);
    expect(ours).toContainEqual(expect.objectContaining({ seen: expect.objectContaining({ from: "web" }) }));
  });
});

const ports = (...portMappings: object[]): Omit<Call, "call" | "id"> => ({
  runtimeConfig: { portMappings },
});
/** ADD, CHECK and DEL, with a look after each that changes something. */
const whole = (...mappings: object[]): Step[] => [
  add("a", ports(...mappings)),
  look,
  del("a"),
  look,
  del("a"),
];
const refused = (...mappings: object[]) => [add("a", { ...ports(...mappings), refused: true })];

const v4 = (keys: object = {}): Configuration => ({
  cniVersion: "1.0.0",
  name: "net",
  plugins: [
    { type: "bridge", isGateway: true, ipam: { type: "host-local", subnet: "10.1.2.0/24" } },
    portmap(keys),
  ],
});
const withoutResult: Configuration = { ...v4(), plugins: [portmap()] };

const scenarios: Record<string, Scenario> = {
  "a port": { network: v4(), steps: whole(web) },
  "no ports": { network: v4(), steps: [...whole(), add("b"), check("b")] },
  "a port on one address of the host": {
    network: v4(),
    steps: whole({ ...web, hostIP: hostAddress.v4 }),
    shows: ["loopbackWhereNeeded"],
  },
  "a port without a family's address": {
    network: v4(),
    steps: whole({ ...web, hostIP: "::" }),
    shows: ["loopbackWhereNeeded"],
  },
  "both ways to mark": {
    network: v4({ markMasqBit: 3, externalSetMarkChain: "X" }),
    steps: refused(web),
    shows: ["invalidConfig"],
  },
  "a bit that no mark has": {
    network: v4({ markMasqBit: 32 }),
    steps: refused(web),
    shows: ["invalidConfig"],
  },
  "port 0": { network: v4(), steps: refused({ ...web, hostPort: 0 }), shows: ["invalidConfig"] },
  "no port in the container": { network: v4(), steps: refused({ hostPort: 80 }), shows: ["invalidConfig"] },
  "no plugin before it": { network: withoutResult, steps: refused(web), shows: ["invalidConfig"] },
  "a DEL whose namespace has ended": {
    network: v4(),
    steps: [add("a", ports(web)), { end: "a" }, del("a"), look],
  },
};

twin.describe("hosts and answers are as with Go's portmap with", () => {
  twin.test.each(Object.entries(scenarios))("%s", (_, scenario) => {
    expect(differences(scenario)).toEqual(expectedDifferences(scenario));
  });
});

twin.test("DEL and GC remove what Go's portmap made, and nothing of containers that stay", () => {
  using host = new Host(goPlugins);
  const net = host.network({ ...network(), cniVersion: "1.0.0" });
  const [gone, lost, kept] = [8080, 8081, 8082].map((hostPort, nth) =>
    net.add(`c${nth}`, publishing({ ...web, hostPort })),
  );
  const published = (): string[] =>
    [8080, 8081, 8082]
      .map(String)
      .filter((port) => program(host.namespace, "iptables-save", "-t", "nat").includes(`--dport ${port} `));
  expect(published()).toEqual(["8080", "8081", "8082"]);
  host.plugins = ourPlugins();
  gone!.del();
  expect(published()).toEqual(["8081", "8082"]);
  host.end(lost!.namespace);
  host.network({ ...network(), cniVersion: "1.1.0" }).gc([kept!]);
  expect(published()).toEqual(["8082"]);
});
