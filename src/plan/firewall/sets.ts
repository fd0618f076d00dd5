/**
 * The sets and maps of the table `inet flatnet`, in which each container and each published port is an element: what
 * differs between containers stands here, and the rules (layout.ts) never change.
 */
import {
  concatenation,
  ifname,
  inetProto,
  inetService,
  ipv4Addr,
  ipv6Addr,
} from "../../../netlink/netfilter/datatype.ts";
import { listSets, type SetTypes } from "../../../netlink/netfilter/sets.ts";
import type { Side } from "../side.ts";
import { ifThere } from "./absent.ts";

/** The one table of all networks. */
export const TABLE = { family: "inet", table: "flatnet" } as const;

/** As it is made. */
export const TABLE_ITSELF = {
  family: TABLE.family,
  name: TABLE.table,
  userdata: { comment: "Container networks of flatnet" },
} as const;

const target4 = concatenation(ipv4Addr, inetService);
const target6 = concatenation(ipv6Addr, inetService);

/** The name of each set with the type of its keys and, for maps, of its data. */
export const sets = {
  /** Address of the host, protocol and port → address and port of the container. */
  hostports4: { key: concatenation(ipv4Addr, inetProto, inetService), data: target4 },
  hostports6: { key: concatenation(ipv6Addr, inetProto, inetService), data: target6 },
  /** Protocol and port on any address of the host → address and port of the container. */
  anyports4: { key: concatenation(inetProto, inetService), data: target4 },
  anyports6: { key: concatenation(inetProto, inetService), data: target6 },
  /** Addresses that ports lead to, with the link that leads to them. */
  published4: { key: concatenation(ipv4Addr, ifname) },
  published6: { key: concatenation(ipv6Addr, ifname) },
  /** Addresses that ports lead to which shall see the host as the source of everything. */
  hidden4: { key: ipv4Addr },
  hidden6: { key: ipv6Addr },
  /** Addresses whose traffic is masqueraded, with the link that leads to them. */
  local4: { key: concatenation(ipv4Addr, ifname) },
  local6: { key: concatenation(ipv6Addr, ifname) },
  /** Addresses of containers whose traffic is masqueraded when it leaves by another way than that link. */
  masquerade4: { key: ipv4Addr },
  masquerade6: { key: ipv6Addr },
  /** Addresses of such containers with their network, where its others are behind links of their own. */
  network4: { key: concatenation(ipv4Addr, ipv4Addr), flags: ["interval"] },
  network6: { key: concatenation(ipv6Addr, ipv6Addr), flags: ["interval"] },
} as const satisfies Record<string, SetTypes>;

export type SetName = keyof typeof sets;
export const setNames = Object.keys(sets) as readonly SetName[];

/** A set for ports that only some packets find: those that meet conditions (conditional.ts). */
export type ConditionalSet = `${"hostports" | "anyports"}${4 | 6}_${string}`;
export type AnySet = SetName | ConditionalSet;

export const isConditional = (set: string): set is ConditionalSet => /^(host|any)ports[46]_/.test(set);

/** The set whose types `set` has. */
export const kindOf = (set: AnySet): SetName => set.split("_", 1)[0] as SetName;

/**
 * What an attachment's elements are for. Each plugin of a list makes, compares and removes those of its own roles, so that
 * several stand side by side under one owner.
 */
export type Role = "masquerade" | "publish";

export const roleOf = (set: AnySet): Role =>
  /^(local|masquerade|network)/.test(set) ? "masquerade" : "publish";

/** The names of the sets that ports with conditions have, each once, whatever comes twice of a list. */
export function conditionalSets(host: Side): ConditionalSet[] {
  const there = ifThere(() => host.netfilter.list(listSets(TABLE))) ?? [];
  return [...new Set(there.map(({ name = "" }) => name))].filter(isConditional);
}

/** All sets there may be for these roles. */
export const setsFor = (host: Side, roles: readonly Role[]): AnySet[] =>
  [...setNames, ...(roles.includes("publish") ? conditionalSets(host) : [])].filter((set) =>
    roles.includes(roleOf(set)),
  );
