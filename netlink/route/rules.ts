/**
 * Rules that choose a routing table: struct fib_rule_hdr and FRA_* (linux/fib_rules.h), and the requests about them
 * (net/core/fib_rules.c of the kernel). Nothing is sent here.
 */
import {
  address,
  attr,
  bool,
  cstring,
  flags,
  type Infer,
  type InferInput,
  message,
  oneOf,
  padding,
  s32,
  struct,
  u8,
  u16,
  u32,
  u32be,
  u64be,
} from "../codec/index.ts";
import { NLM_F } from "../message/header.ts";
import { change, dump, type Query, type Request } from "../message/request.ts";
import { bitsOfAddress, Family, familyOfAddress, inTable, RouteProtocol, RTM, tables } from "./names.ts";

const portRange = struct({ start: u16, end: u16 });

export const Rule = message(
  {
    family: Family,
    /** Number of bits of `dst`. */
    dstLen: u8,
    srcLen: u8,
    tos: u8,
    /** `table` where that is less than 256; the kernel looks here only when `table` is absent. */
    headerTable: oneOf(u8, tables),
    reserved: padding(2),
    /** FR_ACT_*. */
    action: oneOf(u8, {
      unspec: 0,
      toTbl: 1,
      goto: 2,
      nop: 3,
      blackhole: 6,
      unreachable: 7,
      prohibit: 8,
    }),
    flags: flags(u32, {
      permanent: 1,
      /** The rule holds for packets that are not as it says. */
      invert: 2,
      unresolved: 4,
      iifDetached: 8,
      oifDetached: 0x10,
      findSaddr: 0x10000,
    }),
  },
  () => ({
    dst: attr(1, address),
    src: attr(2, address),
    /** Name of the link at which packets come in; `lo` for the host's own. */
    iifname: attr(3, cstring),
    /** Priority of the rule to go on with. */
    goto: attr(4, u32),
    /** The lowest comes first. The kernel chooses one before all others when it is absent. */
    priority: attr(6, u32),
    fwmark: attr(10, u32),
    flow: attr(11, u32),
    /** Network order on the wire. */
    tunId: attr(12, u64be),
    /** -1 for none. */
    suppressIfgroup: attr(13, s32),
    /** Routes with prefixes of at most so many bits do not count; -1 for none. */
    suppressPrefixlen: attr(14, s32),
    table: attr(15, oneOf(u32, tables)),
    fwmask: attr(16, u32),
    oifname: attr(17, cstring),
    /** The table is that of the VRF at which the packet is. */
    l3mdev: attr(19, bool),
    uidRange: attr(20, struct({ start: u32, end: u32 })),
    protocol: attr(21, RouteProtocol),
    ipProto: attr(22, u8),
    sportRange: attr(23, portRange),
    dportRange: attr(24, portRange),
    /** Linux 6.13. */
    dscp: attr(25, u8),
    /** Network order on the wire. Linux 6.14. */
    flowlabel: attr(26, u32be),
    /** Network order on the wire. Linux 6.14. */
    flowlabelMask: attr(27, u32be),
    /** Linux 6.15. */
    sportMask: attr(28, u16),
    /** Linux 6.15. */
    dportMask: attr(29, u16),
    /** Linux 6.15. */
    dscpMask: attr(30, u8),
  }),
);
/** A rule as the kernel tells of it. */
export type Rule = Infer<typeof Rule>;
/** A rule in a request. What `listRules` gave fits as well. */
export type RuleInput = InferInput<typeof Rule>;

const bits = (address: string | undefined): number => (address === undefined ? 0 : bitsOfAddress(address));

function complete(rule: RuleInput): RuleInput {
  const prefix = rule.src ?? rule.dst;
  const table = rule.table ?? rule.headerTable;
  return {
    family: prefix === undefined ? "inet" : familyOfAddress(prefix),
    dstLen: bits(rule.dst),
    srcLen: bits(rule.src),
    ...rule,
    ...(table !== undefined && inTable(table)),
  };
}

/** The rule in words: `from 10.1.0.0/16 to all table 100 priority 5`. */
function described({ src, srcLen, dst, dstLen, table, headerTable, priority }: RuleInput): string {
  const where = table ?? headerTable;
  const from = src === undefined ? "all" : `${src}/${srcLen}`;
  const to = dst === undefined ? "all" : `${dst}/${dstLen}`;
  const extra = [
    where === undefined ? "" : ` table ${where}`,
    priority === undefined ? "" : ` priority ${priority}`,
  ];
  return `from ${from} to ${to}${extra.join("")}`;
}

/**
 * Adds a rule: `ip rule add`.
 *
 *     addRule({ src: "10.1.0.0", srcLen: 16, table: 100, priority: 500 })
 *
 * @param rule `family` follows from the addresses unless given, and is `inet` without any; `srcLen` and `dstLen` are
 * all bits, `action` is `toTbl` and `table` `main` unless given
 * @returns a request refused with `EEXIST` when there is the same one, `EAFNOSUPPORT` when the kernel has no rules
 */
export function addRule(rule: RuleInput): Request {
  const action = rule.action ?? (rule.goto === undefined ? "toTbl" : "goto");
  // The table of a VRF is in no rule.
  const looksUp = action === "toTbl" && !rule.l3mdev;
  const table = rule.table ?? rule.headerTable ?? (looksUp ? "main" : undefined);
  const body = complete({ action, ...rule, table });
  return change(`rule.add ${described(body)}`, RTM.newrule, NLM_F.create | NLM_F.exclusive, Rule, body);
}

/**
 * Deletes the first rule that is as `rule` says: `ip rule delete`. What is left out is not looked at.
 * @returns a request refused with `ENOENT` when there is none, `EPERM` for a permanent one
 */
export function deleteRule(rule: RuleInput): Request {
  const body = complete(rule);
  return change(`rule.delete ${described(body)}`, RTM.delrule, 0, Rule, body);
}

/** Asks for all rules, or those of a family. */
export function listRules(filter: { family?: "inet" | "inet6" } = {}): Query<Rule> {
  return dump("rule.list", RTM.getrule, Rule, filter, Rule);
}
