/**
 * The table `inet flatnet`: constant rules over the sets of sets.ts. Made whole by the first call that needs it, shared by
 * all networks, and left in place. A table that lacks a set is one of an older flatnet: it is brought up to date by the
 * call that misses the set, in one transaction, with what is in it. So whoever changes rules gives one of their sets
 * another name.
 */
import type { Request } from "../../../netlink/message/request.ts";
import { addChain, type ChainInput, hooks, priorities } from "../../../netlink/netfilter/chains.ts";
import { type Datatype, ipv4Addr, ipv6Addr } from "../../../netlink/netfilter/datatype.ts";
import { addElements, elementsOf } from "../../../netlink/netfilter/elements.ts";
import type { Expression } from "../../../netlink/netfilter/expression/index.ts";
import { ct, type Field, fib, ip, ip6, meta, th } from "../../../netlink/netfilter/field.ts";
import { dnatFromMap, jump, masquerade, match, verdict } from "../../../netlink/netfilter/rule.ts";
import { appendRule, flushRules, listRules } from "../../../netlink/netfilter/rules.ts";
import { addSet, listSets, type SetTypes, setOf } from "../../../netlink/netfilter/sets.ts";
import { addTable, createTable } from "../../../netlink/netfilter/tables.ts";
import type { Side } from "../side.ts";
import { ifThere } from "./absent.ts";
import { readComment } from "./comments.ts";
import { asLists } from "./entries.ts";
import { type AnySet, setNames, sets, TABLE, TABLE_ITSELF } from "./sets.ts";
import { complete, makeTogether } from "./transactions.ts";

type Hook = keyof typeof hooks;

interface Base {
  readonly type: "filter" | "nat";
  readonly hook: Hook;
  readonly priority: number;
}

interface ChainOfRules {
  readonly base?: Base;
  readonly comment: string;
  readonly rules: readonly (readonly Expression[])[];
}

/** What the rules need to know of a family. */
interface FamilyRules {
  readonly family: "ip" | "ip6";
  readonly digit: 4 | 6;
  readonly address: Datatype<string>;
  readonly fields: typeof ip | typeof ip6;
  readonly multicast: string;
}
const v4: FamilyRules = { family: "ip", digit: 4, address: ipv4Addr, fields: ip, multicast: "224.0.0.0/4" };
const v6: FamilyRules = { family: "ip6", digit: 6, address: ipv6Addr, fields: ip6, multicast: "ff00::/8" };

/**
 * A port published on the address that the packet is for, else one published on all addresses.
 * @param where what stands behind the names of the maps
 */
export const publishedPorts = (digit: 4 | 6, where = ""): [one: Expression[], any: Expression[]] => {
  const of = digit === 4 ? v4 : v6;
  const lookup = (fields: readonly Field<unknown>[], map: string): Expression[] =>
    dnatFromMap(of.family, of.address, fields, `${map}${digit}${where}`);
  return [
    lookup([of.fields.daddr, meta.l4proto, th.dport], "hostports"),
    lookup([meta.l4proto, th.dport], "anyports"),
  ];
};

/** The packet is of this family. */
export const ofFamily = (digit: 4 | 6): Expression[] => match.equal(meta.nfproto, digit === 4 ? "ip" : "ip6");

/** A connection whose destination was translated. */
const toPublished = (of: FamilyRules): Expression[] => [
  ...ofFamily(of.digit),
  ...match.any(ct.status, ["dstNat"]),
];

/** What a container sent to its own published port comes back to it only if the host stands between. */
const fromItself = (of: FamilyRules): Expression[] => [
  ...toPublished(of),
  ...match.inSet([of.fields.saddr, meta.oifname], `published${of.digit}`),
  masquerade(),
];

/**
 * So does what a neighbour on its link sent: the container would answer it directly. (Packets have had their incoming link
 * here since Linux 5.7. With br_netfilter they have none, and need none: the host sees the answer as well.)
 */
const fromNeighbour = (of: FamilyRules): Expression[] => [
  ...toPublished(of),
  ...match.inSet([of.fields.daddr, meta.iifname], `published${of.digit}`),
  masquerade(),
];

const fromAnywhere = (of: FamilyRules): Expression[] => [
  ...toPublished(of),
  ...match.inSet([of.fields.daddr], `hidden${of.digit}`),
  masquerade(),
];

const leaving = (of: FamilyRules): Expression[] => [
  ...ofFamily(of.digit),
  ...match.inSet([of.fields.saddr], `masquerade${of.digit}`),
  ...match.notInSet([of.fields.saddr, meta.oifname], `local${of.digit}`),
  ...match.notInSet([of.fields.saddr, of.fields.daddr], `network${of.digit}`),
  ...match.notWithin(of.fields.daddr, of.multicast),
  masquerade(),
];

/** From the host's loopback to a published port: the container could not answer 127.0.0.1. */
const fromLoopback = (): Expression[] => [
  ...toPublished(v4),
  ...match.within(ip.saddr, "127.0.0.0/8"),
  ...match.inSet([ip.daddr, meta.oifname], "published4"),
  masquerade(),
];

/** Links that lead to published ports route 127.0.0.0/8 (route_localnet): nobody outside may use that to reach loopback. */
const loopbackFromOutside = (): Expression[] => [
  ...ofFamily(4),
  ...match.within(ip.daddr, "127.0.0.0/8"),
  ...match.notEqual(meta.iifname, "lo"),
  verdict("drop"),
];

const toThisHost = (): Expression[] => [...match.equal(fib("daddr", "type"), "local"), jump("ports")];

/** The chain that ports with conditions have their rules in (conditional.ts); it is empty where there are none. */
export const CONDITIONS = "conditions";

/** Ports that only some packets find go before those that all find. */
const allPorts = (): Expression[][] => [
  [jump(CONDITIONS)],
  ...([4, 6] as const).flatMap((digit) => publishedPorts(digit).map((rule) => [...ofFamily(digit), ...rule])),
];

/** The chains with constant rules. */
const chains: Readonly<Record<string, () => ChainOfRules>> = {
  ports: () => ({
    comment: "Published ports lead to their containers",
    rules: allPorts(),
  }),
  guard: () => ({
    base: { type: "filter", hook: "prerouting", priority: priorities.raw },
    comment: "Nobody outside reaches loopback addresses",
    rules: [loopbackFromOutside()],
  }),
  prerouting: () => ({
    base: { type: "nat", hook: "prerouting", priority: priorities.dstnat },
    comment: "From outside and from containers",
    rules: [toThisHost()],
  }),
  output: () => ({
    base: { type: "nat", hook: "output", priority: priorities.dstnat },
    comment: "From the host itself",
    rules: [toThisHost()],
  }),
  postrouting: () => ({
    base: { type: "nat", hook: "postrouting", priority: priorities.srcnat },
    comment: "What leaves gets an address that answers find",
    rules: [
      fromLoopback(),
      ...[v4, v6].flatMap((of) => [fromItself(of), fromNeighbour(of), fromAnywhere(of), leaving(of)]),
    ],
  }),
};

function chainInput(name: string, { base, comment }: ChainOfRules): ChainInput {
  const { family, table } = TABLE;
  const stands = base && {
    hook: { hooknum: hooks[base.hook], priority: base.priority },
    policy: "accept" as const,
    type: base.type,
  };
  return { family, table, name, ...stands, userdata: { comment } };
}

/** The whole table, as it is made, or as one of an older flatnet becomes it. */
function layout(): Request[] {
  const { family, table } = TABLE;
  const made = Object.entries(chains).map(([name, describe]) => [name, describe()] as const);
  const withConditions = { comment: "Ports that only some packets find", rules: [] };
  return [
    ...setNames.map((name, index) => {
      const types: SetTypes = sets[name];
      return addSet({ family, table, name, id: index + 1, ...setOf(types) });
    }),
    addChain(chainInput(CONDITIONS, withConditions)),
    ...made.map(([name, chain]) => addChain(chainInput(name, chain))),
    ...made.map(([chain]) => flushRules({ ...TABLE, chain })),
    ...made.flatMap(([chain, { rules }]) =>
      rules.map((expressions) => appendRule({ ...TABLE, chain, expressions })),
    ),
  ];
}

/**
 * What the first layout did not have: addresses that ports lead to stood in `local4` and `local6` only, and said how many
 * ports there are.
 */
const inNewSets = (host: Side): Request[] =>
  ([4, 6] as const).flatMap((digit) => {
    const old: AnySet = `local${digit}`;
    const elements = ifThere(() => elementsOf(host.netfilter, { ...TABLE, set: old })) ?? [];
    const publishing = elements.filter(({ userdata }) => (readComment(userdata?.comment)?.ports ?? 0) > 0);
    return asLists(publishing.map(({ key, userdata }) => ({ set: `published${digit}`, key, userdata }))).map(
      addElements,
    );
  });

const isWhole = (host: Side): boolean => {
  const there = new Set((ifThere(() => host.netfilter.list(listSets(TABLE))) ?? []).map(({ name }) => name));
  return setNames.every((name) => there.has(name));
};

/** Brings a table of an older flatnet up to date, with the elements that are in it, in one transaction. */
const upgrade = (host: Side): void =>
  complete(host, () => (isWhole(host) ? [] : [addTable(TABLE_ITSELF), ...layout(), ...inNewSets(host)]));

/** Makes the table, unless another call was faster, or brings it up to date. @throws KernelError, CniError */
export function makeLayout(host: Side): void {
  if (!makeTogether(host.netfilter, [createTable(TABLE_ITSELF), ...layout()])) upgrade(host);
}

/** Rules that the chains of the table should have and have not, a sentence for each chain. */
export function layoutDifferences(host: Side): string[] {
  const rules = ifThere(() => host.netfilter.list(listRules(TABLE))) ?? [];
  return Object.entries(chains).flatMap(([name, describe]) => {
    const there = rules.filter(({ chain }) => chain === name).length;
    const wanted = describe().rules.length;
    return there >= wanted ? [] : [`the chain ${name} has ${there} of ${wanted} rules`];
  });
}
