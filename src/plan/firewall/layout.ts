/**
 * The table `inet flatnet`: constant rules over the sets of sets.ts. Made whole by the first call that needs it, shared by
 * all networks, and left in place.
 */
import { KernelError } from "../../../netlink/errors.ts";
import type { Client } from "../../../netlink/message/client.ts";
import type { Request } from "../../../netlink/message/request.ts";
import { type ChainInput, createChain, hooks, priorities } from "../../../netlink/netfilter/chains.ts";
import { type Datatype, ipv4Addr, ipv6Addr } from "../../../netlink/netfilter/datatype.ts";
import type { Expression } from "../../../netlink/netfilter/expression/index.ts";
import { ct, fib, ip, ip6, meta, th } from "../../../netlink/netfilter/field.ts";
import { batch } from "../../../netlink/netfilter/nfnetlink.ts";
import { dnatFromMap, jump, masquerade, match, verdict } from "../../../netlink/netfilter/rule.ts";
import { appendRule } from "../../../netlink/netfilter/rules.ts";
import { createSet, type SetTypes, setOf } from "../../../netlink/netfilter/sets.ts";
import { addTable } from "../../../netlink/netfilter/tables.ts";
import { explained } from "./absent.ts";
import { setNames, sets, TABLE } from "./sets.ts";

type Priority = number;
type Hook = keyof typeof hooks;

interface Base {
  readonly type: "filter" | "nat";
  readonly hook: Hook;
  readonly priority: Priority;
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

const ofFamily = ({ family }: FamilyRules): Expression[] => match.equal(meta.nfproto, family);

/** A port published on the address that the packet is for, else one published on all addresses. */
const publishedPorts = (of: FamilyRules): Expression[][] => [
  [
    ...ofFamily(of),
    ...dnatFromMap(of.family, of.address, [of.fields.daddr, meta.l4proto, th.dport], `hostports${of.digit}`),
  ],
  [...ofFamily(of), ...dnatFromMap(of.family, of.address, [meta.l4proto, th.dport], `anyports${of.digit}`)],
];

/** What a container sent to a published port of its own bridge comes back to it only if the host stands between. */
const hairpin = (of: FamilyRules): Expression[] => [
  ...ofFamily(of),
  ...match.any(ct.status, ["dstNat"]),
  ...match.inSet([of.fields.saddr, meta.oifname], `local${of.digit}`),
  masquerade(),
];

const leaving = (of: FamilyRules): Expression[] => [
  ...ofFamily(of),
  ...match.inSet([of.fields.saddr], `masquerade${of.digit}`),
  ...match.notInSet([of.fields.saddr, meta.oifname], `local${of.digit}`),
  ...match.notInSet([of.fields.saddr, of.fields.daddr], `network${of.digit}`),
  ...match.notWithin(of.fields.daddr, of.multicast),
  masquerade(),
];

/** From the host's loopback to a published port: the container could not answer 127.0.0.1. */
const fromLoopback = (): Expression[] => [
  ...ofFamily(v4),
  ...match.any(ct.status, ["dstNat"]),
  ...match.within(ip.saddr, "127.0.0.0/8"),
  ...match.notEqual(meta.oifname, "lo"),
  masquerade(),
];

/** Bridges with published ports route 127.0.0.0/8 (route_localnet): nobody outside may use that to reach loopback. */
const loopbackFromOutside = (): Expression[] => [
  ...ofFamily(v4),
  ...match.within(ip.daddr, "127.0.0.0/8"),
  ...match.notEqual(meta.iifname, "lo"),
  verdict("drop"),
];

const toThisHost = (): Expression[] => [...match.equal(fib("daddr", "type"), "local"), jump("ports")];

/** The chains in the order in which they are made: one that rules jump to comes before them. */
const chains: Readonly<Record<string, () => ChainOfRules>> = {
  ports: () => ({
    comment: "Published ports lead to their containers",
    rules: [...publishedPorts(v4), ...publishedPorts(v6)],
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
    rules: [fromLoopback(), hairpin(v4), hairpin(v6), leaving(v4), leaving(v6)],
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

/** The whole table as requests. Refused with `EEXIST` when there is one. */
function layout(): Request[] {
  const { family, table } = TABLE;
  const made = Object.entries(chains).map(([name, describe]) => [name, describe()] as const);
  return [
    addTable({ family, name: table, userdata: { comment: "Container networks of flatnet" } }),
    ...setNames.map((name, index) => {
      const types: SetTypes = sets[name];
      return createSet({ family, table, name, id: index + 1, ...setOf(types) });
    }),
    ...made.map(([name, chain]) => createChain(chainInput(name, chain))),
    ...made.flatMap(([chain, { rules }]) =>
      rules.map((expressions) => appendRule({ ...TABLE, chain, expressions })),
    ),
  ];
}

/** Makes the table, unless another call was faster: a table is there whole or not at all. @throws KernelError */
export function makeLayout(netfilter: Client): void {
  try {
    netfilter.transact(batch(layout()));
  } catch (error) {
    if (!(error instanceof KernelError) || error.code !== "EEXIST") throw explained(error);
  }
}
