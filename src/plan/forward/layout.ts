/**
 * What of the tables `inet flatnet` and `bridge flatnet` decides on forwarded packets: constant rules over sets of
 * addresses, bridges and ports. Made by the first call that needs it, and left in place.
 */
import type { Client } from "../../../netlink/message/client.ts";
import type { Request } from "../../../netlink/message/request.ts";
import { createChain, hooks, priorities } from "../../../netlink/netfilter/chains.ts";
import {
  concatenation,
  type Datatype,
  ifname,
  ipv4Addr,
  ipv6Addr,
} from "../../../netlink/netfilter/datatype.ts";
import type { Expression } from "../../../netlink/netfilter/expression/index.ts";
import { ct, ether, icmpv6, ip, ip6, meta } from "../../../netlink/netfilter/field.ts";
import { jump, markBits, match, verdict } from "../../../netlink/netfilter/rule.ts";
import { appendRule } from "../../../netlink/netfilter/rules.ts";
import { createSet, setOf } from "../../../netlink/netfilter/sets.ts";
import { addTable } from "../../../netlink/netfilter/tables.ts";
import { TABLE, TABLE_ITSELF } from "../firewall/sets.ts";
import { makeTogether } from "../firewall/transactions.ts";
import { MARK, window } from "./mark.ts";

const ROUTED = TABLE;
const BRIDGED = { family: "bridge", table: "flatnet" } as const;

export const pairOfLinks = concatenation(ifname, ifname);

const routedSets = {
  /** Addresses of containers that are let through. */
  admitted4: { key: ipv4Addr, comment: "Containers that are let through" },
  admitted6: { key: ipv6Addr, comment: "Containers that are let through" },
  /** Bridges that packets of other such bridges do not enter. */
  guarded: { key: ifname, comment: "Bridges that do not reach each other" },
  /** Each guarded bridge with itself. */
  within: { key: pairOfLinks, comment: "Each of them with itself" },
  /** Each bridge whose containers do not reach each other, with itself. */
  apart: { key: pairOfLinks, comment: "Bridges whose containers do not reach each other" },
} as const satisfies Record<string, { key: Datatype<unknown>; comment: string }>;

/** A set of the table `inet flatnet`. */
export const routedSet = <Name extends keyof typeof routedSets>(set: Name) => ({ ...ROUTED, set });

/** Ports of bridges that do not send to each other. */
export const ISOLATED = { ...BRIDGED, set: "isolated" } as const;

const admits = (family: "ip" | "ip6", ...conditions: Expression[]): Expression[] => {
  const [fields, set] = family === "ip" ? [ip, "admitted4"] : [ip6, "admitted6"];
  const address = conditions.length === 0 ? fields.saddr : fields.daddr;
  return [
    ...conditions,
    ...match.equal(meta.nfproto, family),
    ...match.inSet([address], set),
    ...markBits(MARK, "set"),
  ];
};

/** From a container; to it what it asked for, and what was sent on to it because somebody published its port. */
const admitting = (family: "ip" | "ip6"): Expression[][] => [
  admits(family),
  admits(family, ...match.any(ct.state, ["established", "related"])),
  admits(family, ...match.any(ct.status, ["dstNat"])),
];

const refusing = (): Expression[][] => [
  [
    ...match.inSet([meta.iifname], "guarded"),
    ...match.inSet([meta.oifname], "guarded"),
    ...match.notInSet([meta.iifname, meta.oifname], "within"),
    verdict("drop"),
  ],
  [...match.inSet([meta.iifname, meta.oifname], "apart"), verdict("drop")],
];

function routed(): Request[] {
  const chain = (name: string, priority: number, comment: string): Request =>
    createChain({
      family: ROUTED.family,
      table: ROUTED.table,
      name,
      hook: { hooknum: hooks.forward, priority },
      policy: "accept",
      type: "filter",
      userdata: { comment },
    });
  const rule = (name: string, expressions: readonly Expression[]): Request =>
    appendRule({ ...ROUTED, chain: name, expressions });
  return [
    addTable(TABLE_ITSELF),
    ...Object.entries(routedSets).map(([name, types]) =>
      createSet({ family: ROUTED.family, table: ROUTED.table, name, ...setOf(types) }),
    ),
    chain("mark", window.opens, "What containers may, other tables see by the mark"),
    chain("unmark", window.closes, "The mark is for this hook only"),
    ...refusing().map((expressions) => rule("mark", expressions)),
    rule("mark", markBits(MARK, "clear")),
    ...[...admitting("ip"), ...admitting("ip6")].map((expressions) => rule("mark", expressions)),
    rule("unmark", markBits(MARK, "clear")),
  ];
}

/** Neighbour discovery; neighbours find each other even where nothing else passes, as without an IP address they cannot ask. */
const neighbourDiscovery = (): Expression[][] =>
  (["nd-neighbor-solicit", "nd-neighbor-advert"] as const).map((type) => [
    ...match.equal(ether.type, "ip6"),
    ...match.equal(meta.l4proto, "icmpv6"),
    ...match.equal(icmpv6.type, type),
    verdict("accept"),
  ]);

/** Frames between isolated ports: in the family bridge, since packets of one bridge pass no other hook without br_netfilter. */
function bridged(): Request[] {
  const { family, table } = BRIDGED;
  const rule = (chain: string, expressions: readonly Expression[]): Request =>
    appendRule({ ...BRIDGED, chain, expressions });
  return [
    addTable({ family, name: table, userdata: { comment: "Ports of flatnet's containers" } }),
    createSet({
      family,
      table,
      name: ISOLATED.set,
      ...setOf({ key: ifname, comment: "Ports that do not send to each other" }),
    }),
    createChain({
      family,
      table,
      name: "between",
      userdata: { comment: "What containers of an isolated network may" },
    }),
    createChain({
      family,
      table,
      name: "forward",
      hook: { hooknum: hooks.forward, priority: priorities.filter },
      policy: "accept",
      type: "filter",
    }),
    rule("between", [...match.equal(meta.protocol, "arp"), verdict("accept")]),
    ...neighbourDiscovery().map((expressions) => rule("between", expressions)),
    rule("between", [verdict("drop")]),
    rule("forward", [
      ...match.inSet([meta.iifname], ISOLATED.set),
      ...match.inSet([meta.oifname], ISOLATED.set),
      jump("between"),
    ]),
  ];
}

/** Makes the sets and chains for routed packets, unless another call was faster. @throws KernelError, CniError */
export const makeRouted = (netfilter: Client): void => void makeTogether(netfilter, routed());

/** Makes the set and chains for frames within a bridge, unless another call was faster. @throws KernelError, CniError */
export const makeBridged = (netfilter: Client): void => void makeTogether(netfilter, bridged());
