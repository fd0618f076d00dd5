/** `portmap` beside Debian's Go plugin of that name: what counts is who is reached by whom, and under which address. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import type { Configuration } from "../plugins/call.ts";
import { goPlugins, ourPlugins } from "../plugins/executable.ts";
import { Host, hostAddress, outsideAddress } from "../plugins/host.ts";
import { program, setSysctl } from "../plugins/kernel.ts";
import type { AttachmentOptions } from "../plugins/network.ts";
import { ask, type Question, serve } from "../plugins/talk.ts";

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

/** Who is reached from everywhere on a host with these plugins, and whom the container sees. */
async function views(plugins: string, world: World): Promise<unknown[]> {
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
  "a bridge that masquerades": { network: network({}, { ipMasq: true }), mappings: [web] },
};

twin.describe("packets find their way as with Go's portmap with", () => {
  twin.test.each(Object.entries(worlds))("%s", async (_, world) => {
    const [go, ours] = [await views(goPlugins, world), await views(ourPlugins(), world)];
    expect(ours).toEqual(go);
    expect(ours).toContainEqual(expect.objectContaining({ seen: expect.objectContaining({ from: "web" }) }));
  });
});
