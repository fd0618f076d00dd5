/** Which enum of the kernel's headers each table of netfilter follows, and the exceptions. */
import type { Codec, Rows } from "../../netlink/codec/index.ts";
import { Chain, Hook, hooks } from "../../netlink/netfilter/chains.ts";
import { Connection, Tuple } from "../../netlink/netfilter/connection.ts";
import { CT_MSG } from "../../netlink/netfilter/conntrack.ts";
import { Data, Verdict, verdictCodes } from "../../netlink/netfilter/data.ts";
import { Element, ElementList } from "../../netlink/netfilter/elements.ts";
import { cmpOps } from "../../netlink/netfilter/expression/cmp.ts";
import { ctKeys } from "../../netlink/netfilter/expression/ct.ts";
import { fibFlags, fibResults } from "../../netlink/netfilter/expression/fib.ts";
import { Expression, expressionKinds } from "../../netlink/netfilter/expression/index.ts";
import { metaKeys } from "../../netlink/netfilter/expression/meta.ts";
import { Generation } from "../../netlink/netfilter/generation.ts";
import { Batch, families, subsystems } from "../../netlink/netfilter/nfnetlink.ts";
import { NFT_MSG } from "../../netlink/netfilter/requests.ts";
import { Rule } from "../../netlink/netfilter/rules.ts";
import { NftSet, setFlags } from "../../netlink/netfilter/sets.ts";
import { statusBits } from "../../netlink/netfilter/status.ts";
import { Table } from "../../netlink/netfilter/tables.ts";

type Reasons = Readonly<Record<string, string>>;
type AttributeTable = Codec<unknown> & { readonly rows: Rows };

/** A part of a header, and what here follows it. */
interface HeaderTable {
  readonly header: string;
  /** What the constants begin with; keys here are the rest in camel case. */
  readonly prefix: string;
  /** One of the enum's constants, where the prefix alone does not say which enum. */
  readonly member: string;
  /** Names here that are not the constant's own, by the constant. */
  readonly renamed?: Reasons;
  /** Constants without a row or name here, and why. */
  readonly leftOut?: Reasons;
  /** Names here that this part of the header may not have, and why. */
  readonly others?: Reasons;
}
export interface RowTable extends HeaderTable {
  readonly codec: AttributeTable;
}
export interface NameTable extends HeaderTable {
  readonly names: Readonly<Record<string, number>>;
}

/** The table of the nest in row `key`. */
function nestIn(table: AttributeTable, ...path: string[]): AttributeTable {
  return path.reduce<AttributeTable>((within, key) => {
    const row = within.rows[key];
    if (row === undefined || !("codec" in row)) throw new Error(`there is no nest ${key}`);
    return row.codec as AttributeTable;
  }, table);
}

/** The names of the codec in row `key`. */
const namesIn = (table: AttributeTable, key: string) =>
  (nestIn(table, key) as unknown as { names: Readonly<Record<string, number>> }).names;

const nft = (
  prefix: string,
  member: string,
  codec: AttributeTable,
  more: Partial<RowTable> = {},
): RowTable => ({
  header: "netfilter/nf_tables.h",
  prefix: `NFTA_${prefix}_`,
  member: `NFTA_${prefix}_${member}`,
  codec,
  ...more,
});

const cta = (
  prefix: string,
  member: string,
  codec: AttributeTable,
  more: Partial<RowTable> = {},
): RowTable => ({
  header: "netfilter/nfnetlink_conntrack.h",
  prefix: `CTA_${prefix}`,
  member: `CTA_${prefix}${member}`,
  codec,
  ...more,
});

/** Than the headers of Debian 12, which are of Linux 6.1. */
const NEWER = "newer";

const kinds = expressionKinds;

export const rowTables: readonly RowTable[] = [
  nft("TABLE", "NAME", Table),
  nft("CHAIN", "HOOK", Chain),
  nft("HOOK", "HOOKNUM", Hook),
  nft("DEVICE", "NAME", nestIn(Hook, "devs"), { others: { prefix: NEWER } }),
  nft("RULE", "CHAIN", Rule),
  nft("RULE_COMPAT", "PROTO", nestIn(Rule, "compat")),
  nft("SET", "KEY_TYPE", NftSet, { others: { type: NEWER, count: NEWER } }),
  nft("SET_DESC", "SIZE", nestIn(NftSet, "desc")),
  nft("SET_ELEM", "KEY", Element),
  nft("SET_ELEM_LIST", "SET", ElementList),
  nft("GEN", "ID", Generation),
  nft("DATA", "VALUE", Data),
  nft("VERDICT", "CODE", Verdict),
  nft("EXPR", "DATA", Expression),
  nft("BITWISE", "MASK", kinds.bitwise, { others: { sreg2: NEWER } }),
  nft("CMP", "SREG", kinds.cmp),
  nft("COUNTER", "BYTES", kinds.counter),
  nft("CT", "DIRECTION", kinds.ct),
  nft("FIB", "DREG", kinds.fib),
  nft("IMMEDIATE", "DREG", kinds.immediate),
  nft("LIMIT", "RATE", kinds.limit),
  nft("LOOKUP", "SREG", kinds.lookup),
  nft("MASQ", "FLAGS", kinds.masq),
  nft("MATCH", "NAME", kinds.match, { header: "netfilter/nf_tables_compat.h" }),
  nft("META", "KEY", kinds.meta),
  nft("NAT", "TYPE", kinds.nat),
  nft("PAYLOAD", "BASE", kinds.payload),
  nft("RANGE", "SREG", kinds.range),
  nft("REDIR", "FLAGS", kinds.redir),
  nft("REJECT", "TYPE", kinds.reject),
  nft("TARGET", "NAME", kinds.target, { header: "netfilter/nf_tables_compat.h" }),
  {
    header: "netfilter/nfnetlink.h",
    prefix: "NFNL_BATCH_",
    member: "NFNL_BATCH_GENID",
    codec: Batch,
  },
  cta("", "TUPLE_ORIG", Connection, {
    leftOut: { NAT_SEQ_ADJ_ORIG: "an older name", NAT_SEQ_ADJ_REPLY: "an older name" },
    others: { timestampEvent: NEWER },
  }),
  cta("TUPLE_", "IP", Tuple),
  cta("IP_", "V4_SRC", nestIn(Tuple, "ip")),
  cta("PROTO_", "NUM", nestIn(Tuple, "proto")),
  cta("PROTOINFO_", "DCCP", nestIn(Connection, "protoinfo")),
  cta("PROTOINFO_TCP_", "STATE", nestIn(Connection, "protoinfo", "tcp")),
  cta("PROTOINFO_DCCP_", "STATE", nestIn(Connection, "protoinfo", "dccp")),
  cta("PROTOINFO_SCTP_", "STATE", nestIn(Connection, "protoinfo", "sctp")),
  cta("HELP_", "NAME", nestIn(Connection, "help")),
  cta("NAT_", "PROTO", nestIn(Connection, "natSrc")),
  cta("PROTONAT_", "PORT_MIN", nestIn(Connection, "natSrc", "proto")),
  cta("COUNTERS_", "PACKETS", nestIn(Connection, "countersOrig"), {
    others: { packets32: "CTA_COUNTERS32_PACKETS", bytes32: "CTA_COUNTERS32_BYTES" },
  }),
  cta("SEQADJ_", "CORRECTION_POS", nestIn(Connection, "seqAdjOrig")),
  cta("SECCTX_", "NAME", nestIn(Connection, "secctx")),
  cta("TIMESTAMP_", "START", nestIn(Connection, "timestamp")),
  cta("SYNPROXY_", "ISN", nestIn(Connection, "synproxy")),
  cta("FILTER_", "ORIG_FLAGS", nestIn(Connection, "filter")),
];

const named = (
  prefix: string,
  member: string,
  names: NameTable["names"],
  more: Partial<NameTable> = {},
): NameTable => ({ header: "netfilter/nf_tables.h", prefix, member, names, ...more });

/** Names without the subsystem that stands in the upper byte here. */
const lowerByte = (names: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(names).map(([name, number]) => [name, number & 0xff]));

/** The same reason for several names. */
const all = (reason: string, names: string): Reasons =>
  Object.fromEntries(names.split(" ").map((name) => [name, reason]));

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, "_$&").toUpperCase();

const NOT_SPOKEN = "its messages are not made or read here";

export const nameTables: readonly NameTable[] = [
  named("NFT_MSG_", "NFT_MSG_NEWTABLE", lowerByte(NFT_MSG), {
    leftOut: all(
      NOT_SPOKEN,
      "TRACE NEWOBJ GETOBJ DELOBJ GETOBJ_RESET MAX NEWFLOWTABLE GETFLOWTABLE DELFLOWTABLE",
    ),
    others: Object.fromEntries(
      ["table", "chain", "rule", "set", "setelem"].map((thing) => [`destroy${thing}`, NEWER]),
    ),
  }),
  named("NFT_", "NFT_CONTINUE", verdictCodes, {
    others: Object.fromEntries(
      ["drop", "accept", "stolen", "queue", "repeat", "stop"].map((name) => [name, "NF_* of another header"]),
    ),
  }),
  named("NF_", "", verdictCodes, {
    header: "netfilter.h",
    leftOut: all(
      "not a verdict",
      "INET_PRE_ROUTING INET_LOCAL_IN INET_FORWARD INET_LOCAL_OUT INET_POST_ROUTING INET_NUMHOOKS INET_INGRESS " +
        "NETDEV_INGRESS NETDEV_EGRESS NETDEV_NUMHOOKS MAX_VERDICT VERDICT_BITS VERDICT_FLAG_QUEUE_BYPASS " +
        "VERDICT_MASK VERDICT_QBITS VERDICT_QMASK",
    ),
    others: Object.fromEntries(
      ["continue", "break", "jump", "goto", "return"].map((name) => [name, "NFT_* of another header"]),
    ),
  }),
  named("NF_INET_", "NF_INET_PRE_ROUTING", hooks, {
    header: "netfilter.h",
    renamed: {
      PRE_ROUTING: "prerouting",
      LOCAL_IN: "input",
      LOCAL_OUT: "output",
      POST_ROUTING: "postrouting",
    },
    leftOut: { NUMHOOKS: "a count" },
    others: { ingress: "NF_INET_INGRESS is defined as NF_INET_NUMHOOKS" },
  }),
  named("NFPROTO_", "NFPROTO_INET", families, {
    header: "netfilter.h",
    renamed: { IPV4: "ip", IPV6: "ip6" },
    leftOut: { DECNET: "gone from the kernel", NUMPROTO: "a count" },
    others: { unspec: "NFPROTO_UNSPEC, which is left out as a filler" },
  }),
  named("NFNL_SUBSYS_", "", subsystems, {
    header: "netfilter/nfnetlink.h",
    renamed: { CTNETLINK: "conntrack" },
    leftOut: all(
      NOT_SPOKEN,
      "NONE CTNETLINK_EXP QUEUE ULOG OSF IPSET ACCT CTNETLINK_TIMEOUT CTHELPER NFT_COMPAT HOOK COUNT",
    ),
  }),
  named("IPCTNL_MSG_CT_", "IPCTNL_MSG_CT_NEW", lowerByte(CT_MSG), {
    header: "netfilter/nfnetlink_conntrack.h",
    leftOut: all(NOT_SPOKEN, "GET_CTRZERO GET_STATS_CPU GET_STATS GET_DYING GET_UNCONFIRMED"),
  }),
  named("IPS_", "IPS_EXPECTED", statusBits, {
    header: "netfilter/nf_conntrack_common.h",
    leftOut: {
      ...all("several bits", "NAT_MASK NAT_DONE_MASK UNCHANGEABLE_MASK"),
      ...all(
        "the place of a bit",
        Object.keys(statusBits)
          .map((name) => `${snakeCase(name)}_BIT`)
          .join(" "),
      ),
    },
  }),
  named(
    "TCP_CONNTRACK_",
    "TCP_CONNTRACK_SYN_SENT",
    namesIn(nestIn(Connection, "protoinfo", "tcp"), "state"),
    {
      header: "netfilter/nf_conntrack_tcp.h",
      leftOut: all("not a state", "MAX IGNORE RETRANS UNACK TIMEOUT_MAX"),
    },
  ),
  named("NFT_SET_", "NFT_SET_ANONYMOUS", setFlags),
  named("NFT_SET_ELEM_", "NFT_SET_ELEM_CATCHALL", namesIn(Element, "flags")),
  named("NFT_SET_POL_", "NFT_SET_POL_MEMORY", namesIn(NftSet, "policy")),
  named("NFT_TABLE_F_", "NFT_TABLE_F_DORMANT", namesIn(Table, "flags"), { others: { persist: NEWER } }),
  named("NFT_CHAIN_", "NFT_CHAIN_BINDING", namesIn(Chain, "flags")),
  named("NFT_META_", "NFT_META_LEN", metaKeys, {
    leftOut: { IIFTYPE: "an alias of IFTYPE, which it stands beside" },
    others: { briBroute: NEWER },
  }),
  named("NFT_CT_", "NFT_CT_STATE", ctKeys),
  named("NFT_CMP_", "NFT_CMP_EQ", cmpOps),
  named("NFT_RANGE_", "NFT_RANGE_EQ", namesIn(kinds.range, "op")),
  named("NFT_BITWISE_", "NFT_BITWISE_MASK_XOR", namesIn(kinds.bitwise, "op"), {
    others: { and: NEWER, or: NEWER, xor: NEWER },
  }),
  named("NFT_PAYLOAD_", "NFT_PAYLOAD_LL_HEADER", namesIn(kinds.payload, "base"), {
    others: { tunHeader: NEWER },
  }),
  named("NFT_PAYLOAD_CSUM_", "NFT_PAYLOAD_CSUM_INET", namesIn(kinds.payload, "csumType")),
  named("NFT_PAYLOAD_", "NFT_PAYLOAD_L4CSUM_PSEUDOHDR", namesIn(kinds.payload, "csumFlags")),
  named("NFT_LOOKUP_F_", "NFT_LOOKUP_F_INV", namesIn(kinds.lookup, "flags")),
  named("NFT_LIMIT_", "NFT_LIMIT_PKTS", namesIn(kinds.limit, "type"), {
    renamed: { PKT_BYTES: "pktBytes" },
  }),
  named("NFT_LIMIT_F_", "NFT_LIMIT_F_INV", namesIn(kinds.limit, "flags")),
  named("NFT_NAT_", "NFT_NAT_SNAT", namesIn(kinds.nat, "type")),
  named("NF_NAT_RANGE_", "", namesIn(kinds.nat, "flags"), {
    header: "netfilter/nf_nat.h",
    leftOut: { PROTO_RANDOM_ALL: "several bits", MASK: "several bits" },
  }),
  named("NFT_REJECT_", "NFT_REJECT_TCP_RST", namesIn(kinds.reject, "type")),
  named("NFT_FIB_RESULT_", "NFT_FIB_RESULT_OIF", fibResults, { leftOut: { UNSPEC: "nothing" } }),
  named("NFTA_FIB_F_", "NFTA_FIB_F_SADDR", fibFlags),
];
