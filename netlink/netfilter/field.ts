/** What a rule can look at, by the words of `nft`: `ip.saddr`, `meta.l4proto`, `ct.status`, `fib("daddr", "type")`. */
import type { Infer } from "../codec/index.ts";
import {
  ctState,
  ctStatus,
  type Datatype,
  etherAddr,
  etherType,
  fibAddrtype,
  icmpv6Type,
  ifaceIndex,
  ifname,
  inetProto,
  inetService,
  ipv4Addr,
  ipv6Addr,
  mark,
  nfProto,
} from "./datatype.ts";
import type { ctKeys } from "./expression/ct.ts";
import type { fibFlags } from "./expression/fib.ts";
import type { Expression } from "./expression/index.ts";
import type { metaKeys } from "./expression/meta.ts";

/** Something of a packet that fits a register. */
export interface Field<T> {
  readonly type: Datatype<T>;
  /** The step that puts it into a register. */
  load(dreg: number): Expression;
}

/** Bytes of a packet, of which fewer may be loaded. */
export interface PayloadField<T> extends Field<T> {
  /** @param len how many bytes, the first ones; all unless given */
  load(dreg: number, len?: number): Expression;
}

const payload = <T>(
  base: "llHeader" | "networkHeader" | "transportHeader",
  offset: number,
  type: Datatype<T>,
): PayloadField<T> => ({
  type,
  load: (dreg, len = type.size) => ({ name: "payload", data: { dreg, base, offset, len } }),
});

const metaField = <T>(key: keyof typeof metaKeys, type: Datatype<T>): Field<T> => ({
  type,
  load: (dreg) => ({ name: "meta", data: { key, dreg } }),
});

const ctField = <T>(key: keyof typeof ctKeys, type: Datatype<T>): Field<T> => ({
  type,
  load: (dreg) => ({ name: "ct", data: { key, dreg } }),
});

/** The Ethernet header. In a table of family bridge each packet has one. */
export const ether = {
  saddr: payload("llHeader", 6, etherAddr),
  type: payload("llHeader", 12, etherType),
};

/** The IPv4 header (RFC 791). In a table of family inet, match `meta.nfproto` first. */
export const ip = {
  saddr: payload("networkHeader", 12, ipv4Addr),
  daddr: payload("networkHeader", 16, ipv4Addr),
  protocol: payload("networkHeader", 9, inetProto),
};

/** The IPv6 header (RFC 8200). In a table of family inet, match `meta.nfproto` first. */
export const ip6 = {
  saddr: payload("networkHeader", 8, ipv6Addr),
  daddr: payload("networkHeader", 24, ipv6Addr),
};

/** ICMPv6 (RFC 4443). Match `meta.l4proto` too. */
export const icmpv6 = { type: payload("transportHeader", 0, icmpv6Type) };

/** The ports of any transport that begins with them: TCP, UDP, SCTP. Match `meta.l4proto` too. */
export const th = {
  sport: payload("transportHeader", 0, inetService),
  dport: payload("transportHeader", 2, inetService),
};

/** What the kernel knows beside the packet's bytes. */
export const meta = {
  /** What the frame carries, behind a VLAN tag that the kernel has taken off. */
  protocol: metaField("protocol", etherType),
  nfproto: metaField("nfproto", nfProto),
  l4proto: metaField("l4proto", inetProto),
  iif: metaField("iif", ifaceIndex),
  oif: metaField("oif", ifaceIndex),
  iifname: metaField("iifname", ifname),
  oifname: metaField("oifname", ifname),
  mark: metaField("mark", mark),
};

/** What is known of the packet's connection. */
export const ct = {
  state: ctField("state", ctState),
  status: ctField("status", ctStatus),
  mark: ctField("mark", mark),
};

const fibResults = {
  type: { result: "addrtype", type: fibAddrtype },
  oif: { result: "oif", type: ifaceIndex },
} as const;

/** What the routing tables say of an address: `fib("daddr", "type")`, `fib(["saddr", "iif"], "oif")`. */
export function fib<R extends keyof typeof fibResults>(
  about: keyof typeof fibFlags | readonly (keyof typeof fibFlags)[],
  wanted: R,
): Field<Infer<(typeof fibResults)[R]["type"]>> {
  const { result, type } = fibResults[wanted];
  const flags = typeof about === "string" ? [about] : about;
  return { type: type as Datatype<never>, load: (dreg) => ({ name: "fib", data: { flags, result, dreg } }) };
}
