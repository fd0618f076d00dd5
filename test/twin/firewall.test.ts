/** Who reaches whom with Go's firewall plugin and with ours: the rules are others, what packets do is the same. */
import { expect } from "bun:test";
import type { Namespace } from "../../netlink/socket/namespace.ts";
import { familyOf } from "../../netlink/wire/address.ts";
import { needs } from "../needs.ts";
import type { Configuration } from "../plugins/call.ts";
import { goPlugins, ourPlugins } from "../plugins/executable.ts";
import { Host, hostAddress, outsideAddress } from "../plugins/host.ts";
import { program } from "../plugins/kernel.ts";
import type { Attachment } from "../plugins/network.ts";
import { ask, serve } from "../plugins/talk.ts";

const twin = needs("namespaces", `file:${goPlugins}/firewall`, "program:iptables", "program:ip");

const network = (name: string, subnets: readonly string[], keys: object | undefined): Configuration => ({
  cniVersion: "1.0.0",
  name,
  plugins: [
    {
      type: "bridge",
      bridge: name,
      isDefaultGateway: true,
      ipam: { type: "host-local", ranges: subnets.map((subnet) => [{ subnet }]) },
    },
    ...(keys === undefined ? [] : [{ type: "firewall", ...keys }]),
  ],
});

interface Scenario {
  /** Commands on the host before the first ADD, and after the last. */
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  /** Keys of the firewall plugin in the networks `first` (a, b) and `second` (c); undefined: without the plugin. */
  readonly first?: object;
  readonly second?: object;
  readonly subnets?: { readonly first: readonly string[]; readonly second: readonly string[] };
  /** Containers that go before packets are sent; their namespaces and addresses stay for the test's sake. */
  readonly gone?: readonly string[];
  /** Pairs that must be among those that are found, so that a scenario cannot agree about nothing. */
  readonly reached?: readonly string[];
  readonly unreached?: readonly string[];
}

const dual = {
  first: ["10.1.2.0/24", "fd00:1:2::/64"],
  second: ["10.1.3.0/24", "fd00:1:3::/64"],
};
const drop = ["iptables -P FORWARD DROP", "ip6tables -P FORWARD DROP"];
const [a4, a6] = ["10.1.2.2", "fd00:1:2::2"];
/** Whether packets within a bridge pass the tables of iptables, as br_netfilter has it. */
const bridgedPacketsPass = (value: 0 | 1): string =>
  `for each in /proc/sys/net/bridge/bridge-nf-call-ip*; do if [ -e $each ]; then echo ${value} > $each; fi; done`;

/**
 * Forwarding is on, packets within a bridge stay there as on a host without br_netfilter, and no address is tentative.
 */
const prepared = [
  "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv6.conf.default.accept_dad=0",
  bridgedPacketsPass(0),
];
const scenarios: Record<string, Scenario> = {
  "nothing drops": { first: {}, second: {} },
  "the policy drops, and there is no firewall plugin": {
    reached: ["a > b 4"],
    unreached: ["a > outside 4", "a > c 6"],
    before: drop,
  },
  "the policy drops": {
    reached: ["a > outside 4", "a > c 6"],
    unreached: ["outside > a 4", "outside > a 6"],
    before: drop,
    first: {},
    second: {},
  },
  "the policy drops, and one network has no firewall plugin": { before: drop, first: {} },
  "the policy drops, IPv4 only": {
    before: drop,
    first: {},
    second: {},
    subnets: { first: ["10.1.2.0/24"], second: ["10.1.3.0/24"] },
  },
  "the policy drops, IPv6 only": {
    before: drop,
    first: {},
    second: {},
    subnets: { first: ["fd00:1:2::/64"], second: ["fd00:1:3::/64"] },
  },
  "the backend is named, and is unknown": {
    before: drop,
    first: { backend: "iptables" },
    second: { backend: "whatever" },
  },
  "the administrator drops a container": {
    reached: ["b > outside 4", "b > outside 6"],
    unreached: ["a > outside 4", "c > a 6"],
    before: drop,
    first: {},
    second: {},
    after: [`iptables -A CNI-ADMIN -s ${a4} -j DROP`, `ip6tables -A CNI-ADMIN -d ${a6} -j DROP`],
  },
  "the administrator's chain was there before": {
    reached: ["outside > a 4"],
    unreached: ["outside > b 4"],
    before: [...drop, "iptables -N CNI-ADMIN", `iptables -A CNI-ADMIN -d ${a4} -j ACCEPT`],
    first: {},
    second: {},
  },
  "the administrator's chain has another name": {
    reached: ["outside > a 4"],
    unreached: ["outside > b 4"],
    before: drop,
    first: { iptablesAdminChainName: "MINE" },
    second: {},
    after: [`iptables -A MINE -d ${a4} -j ACCEPT`],
  },
  "other rules stand in front": {
    before: [...drop, "iptables -A FORWARD -i first -j DROP", "iptables -N DOCKER-USER"],
    first: {},
    second: {},
    after: [`iptables -I FORWARD -s ${a4} -d ${outsideAddress.v4} -j DROP`],
  },
  "all is saved and restored": {
    reached: ["a > outside 4", "a > c 6"],
    unreached: ["outside > a 4"],
    before: drop,
    first: {},
    second: {},
    after: ["iptables-save | iptables-restore", "ip6tables-save | ip6tables-restore"],
  },
  "packets within a bridge pass the tables of iptables, too": {
    before: [...drop, bridgedPacketsPass(1)],
    first: {},
    second: { ingressPolicy: "same-bridge" },
    reached: ["a > b 4", "a > b 6", "a > outside 4"],
  },
  "packets within a bridge pass the tables of iptables, and there is no firewall plugin": {
    before: [...drop, bridgedPacketsPass(1)],
    unreached: ["a > b 4", "a > b 6"],
  },
  "a container has gone": {
    reached: ["b > outside 4"],
    unreached: ["a > outside 4", "a > outside 6"],
    before: drop,
    first: {},
    second: {},
    gone: ["a"],
  },
  "one network is for its bridge only": { before: drop, first: { ingressPolicy: "same-bridge" }, second: {} },
  "both networks are for their bridges only": {
    reached: ["a > b 4", "outside > a 4", "a > outside 6"],
    unreached: ["a > c 4", "c > a 6"],
    first: { ingressPolicy: "same-bridge" },
    second: { ingressPolicy: "same-bridge" },
  },
  "both networks are for their bridges only, and the policy drops": {
    before: drop,
    first: { ingressPolicy: "same-bridge" },
    second: { ingressPolicy: "same-bridge" },
  },
};

const shell = (host: Host, commands: readonly string[] = []): void => {
  for (const command of commands) program(host.namespace, "sh", "-ec", command);
};

/** DEL of the firewall plugin alone: without its interface nobody could say whether a container's packets would pass. */
function delFirewall(attachment: Attachment): void {
  const { plugins } = attachment.network.configuration;
  const config = plugins.find(({ type }) => type === "firewall")!;
  expect(attachment.callAlone("DEL", config)).toMatchObject({ exit: 0 });
}

interface Place {
  readonly id: string;
  readonly namespace: Namespace;
  readonly addresses: readonly string[];
}

async function isReached(from: Place, to: Place, address: string): Promise<string[]> {
  const answer = await ask(from.namespace, { address, port: 7000, patience: 400 });
  return answer?.from === to.id ? [`${from.id} > ${to.id} ${familyOf(address)}`] : [];
}

/** The pairs between which packets pass. */
async function reached(places: readonly Place[]): Promise<string[]> {
  const servers = await Promise.all(
    places.map(({ id, namespace }) => serve(namespace, { port: 7000, name: id })),
  );
  const pairs = places.flatMap((from) =>
    places
      .filter((to) => to !== from)
      .flatMap((to) => to.addresses.map((address) => isReached(from, to, address))),
  );
  const found = (await Promise.all(pairs)).flat().sort();
  for (const server of servers) server[Symbol.dispose]();
  return found;
}

const placeOf = ({ id, namespace, result }: Attachment): Place => ({
  id,
  namespace,
  addresses: result.ips!.map(({ address }) => address.replace(/\/.*/, "")),
});

/** Who reaches whom on a host with these plugins: `a > outside 4`. */
async function play(plugins: string, scenario: Scenario): Promise<string[]> {
  using host = new Host(plugins);
  const { first, second } = scenario.subnets ?? dual;
  shell(host, [...prepared, ...(scenario.before ?? [])]);
  const one = host.network(network("first", first, scenario.first));
  const two = host.network(network("second", second, scenario.second));
  const attachments = [one.add("a"), one.add("b"), two.add("c")];
  for (const attachment of attachments) attachment.check();
  shell(host, scenario.after);
  for (const subnet of [...first, ...second]) {
    const via = familyOf(subnet) === 6 ? hostAddress.v6 : hostAddress.v4;
    program(host.outside, "ip", "route", "add", subnet, "via", via);
  }
  for (const attachment of attachments) if (scenario.gone?.includes(attachment.id)) delFirewall(attachment);
  const outside = { id: "outside", namespace: host.outside, addresses: Object.values(outsideAddress) };
  const found = await reached([...attachments.map(placeOf), outside]);
  for (const attachment of attachments) attachment.del();
  return found;
}

twin.test.each(Object.entries(scenarios))(
  "%s",
  async (_, scenario) => {
    const [go, ours] = [await play(goPlugins, scenario), await play(ourPlugins(), scenario)];
    expect(ours).toEqual(go);
    expect(ours).toEqual(expect.arrayContaining([...(scenario.reached ?? [])]));
    for (const pair of scenario.unreached ?? []) expect(ours).not.toContain(pair);
  },
  20_000,
);
