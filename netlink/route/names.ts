/** Numbers with names that several kinds of rtnetlink message share: families, protocols, scopes, kinds of route. */
import { type OneOf, oneOf, u8 } from "../codec/index.ts";
import { familyOf } from "../wire/address.ts";

/** Address families (AF_*, linux/socket.h) that rtnetlink speaks of. */
export const families = {
  unspec: 0,
  inet: 2,
  bridge: 7,
  inet6: 10,
  packet: 17,
  mpls: 28,
  mctp: 45,
  ipmr: 128,
  ip6mr: 129,
} as const;
export const Family = oneOf(u8, families);
export type Family = OneOf<typeof families>;

/** The family of an address in text: `inet` or `inet6`. */
export const familyOfAddress = (address: string): "inet" | "inet6" =>
  familyOf(address) === 4 ? "inet" : "inet6";

/** The number of bits in an address in text: 32 or 128. */
export const bitsOfAddress = (address: string): 32 | 128 => (familyOf(address) === 4 ? 32 : 128);

/** Who made a route, a rule or a neighbour (RTPROT_*, linux/rtnetlink.h). */
export const RouteProtocol = oneOf(u8, {
  unspec: 0,
  redirect: 1,
  kernel: 2,
  boot: 3,
  static: 4,
  gated: 8,
  ra: 9,
  mrt: 10,
  zebra: 11,
  bird: 12,
  dnrouted: 13,
  xorp: 14,
  ntk: 15,
  dhcp: 16,
  mrouted: 17,
  keepalived: 18,
  babel: 42,
  openr: 99,
  bgp: 186,
  isis: 187,
  ospf: 188,
  rip: 189,
  eigrp: 192,
});

/** How far a destination or an address reaches (enum rt_scope_t). */
export const Scope = oneOf(u8, { universe: 0, site: 200, link: 253, host: 254, nowhere: 255 });

/** What a route does with a packet (RTN_*). */
export const RouteType = oneOf(u8, {
  unspec: 0,
  unicast: 1,
  local: 2,
  broadcast: 3,
  anycast: 4,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
  throw: 9,
  nat: 10,
  xresolve: 11,
});

/** The routing tables that have names (enum rt_class_t). Tables from 1 to 2^32 - 1 may be used. */
export const tables = { unspec: 0, compat: 252, default: 253, main: 254, local: 255 } as const;

type Table = OneOf<typeof tables>;

/**
 * Where a table goes in a request about a route or a rule: into the header if its one byte holds it, else into the
 * attribute.
 */
export function inTable(table: Table): { headerTable: Table; table: Table | undefined } {
  const number = typeof table === "number" ? table : tables[table];
  return number < 256 ? { headerTable: number, table: undefined } : { headerTable: "unspec", table: number };
}

/** RTM_*: the types of rtnetlink messages that this library makes and reads (linux/rtnetlink.h). */
export const RTM = {
  newlink: 16,
  dellink: 17,
  getlink: 18,
  setlink: 19,
  newaddr: 20,
  deladdr: 21,
  getaddr: 22,
  newroute: 24,
  delroute: 25,
  getroute: 26,
  newneigh: 28,
  delneigh: 29,
  getneigh: 30,
  newrule: 32,
  delrule: 33,
  getrule: 34,
  newqdisc: 36,
  delqdisc: 37,
  getqdisc: 38,
  newtclass: 40,
  deltclass: 41,
  gettclass: 42,
  newtfilter: 44,
  deltfilter: 45,
  gettfilter: 46,
  newnsid: 88,
  delnsid: 89,
  getnsid: 90,
  newlinkprop: 108,
  dellinkprop: 109,
} as const;
