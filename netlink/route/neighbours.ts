/**
 * Neighbours, which are link-layer addresses by address, and the forwarding entries of bridges: struct ndmsg and NDA_*
 * (linux/neighbour.h), and the requests about them (net/core/neighbour.c and rtnetlink.c, net/bridge/br_fdb.c of the
 * kernel). Nothing is sent here.
 */
import {
  address,
  attr,
  attrs,
  flag,
  flags,
  type Infer,
  type InferInput,
  mac,
  message,
  nest,
  padding,
  s32,
  struct,
  u8,
  u16,
  u16be,
  u32,
} from "../codec/index.ts";
import { NLM_F } from "../message/header.ts";
import { change, dump, type Query, query, type Request } from "../message/request.ts";
import { Family, familyOfAddress, RouteProtocol, RouteType, RTM } from "./names.ts";

/** NUD_*; none of them is NUD_NONE. */
const states = {
  incomplete: 0x01,
  reachable: 0x02,
  stale: 0x04,
  delay: 0x08,
  probe: 0x10,
  failed: 0x20,
  noarp: 0x40,
  permanent: 0x80,
} as const;

/** NTF_*. */
const neighbourFlags = {
  use: 0x01,
  self: 0x02,
  master: 0x04,
  proxy: 0x08,
  extLearned: 0x10,
  offloaded: 0x20,
  sticky: 0x40,
  router: 0x80,
} as const;

export const Neighbour = message(
  {
    /** `inet` or `inet6`; `bridge` for forwarding entries. */
    family: Family,
    pad: padding(3),
    /** Index of the link. */
    index: s32,
    state: flags(u16, states),
    flags: flags(u8, neighbourFlags),
    type: RouteType,
  },
  () => ({
    dst: attr(1, address),
    lladdr: attr(2, mac),
    /** Times ago in 1/100 s. */
    cacheinfo: attr(3, struct({ confirmed: u32, used: u32, updated: u32, refcnt: u32 })),
    probes: attr(4, u32),
    vlan: attr(5, u16),
    /** UDP port; network order on the wire. */
    port: attr(6, u16be),
    vni: attr(7, u32),
    /** Index of the link that an entry of a tunnel leads to; in a question, of the link that is meant. */
    ifindex: attr(8, u32),
    /** Index of the bridge. */
    master: attr(9, u32),
    linkNetnsid: attr(10, s32),
    srcVni: attr(11, u32),
    /** Who made it. */
    protocol: attr(12, RouteProtocol),
    /** Id of a next hop object. */
    nhId: attr(13, u32),
    fdbExtAttrs: nest(
      14,
      attrs(() => ({
        activityNotify: attr(1, flags(u8, { notify: 1, inactive: 2 })),
        dontRefresh: attr(2, flag),
      })),
    ),
    flagsExt: attr(15, flags(u32, { managed: 1, locked: 2, extValidated: 4 })),
    /** In a question: the states and flags that count. */
    ndmStateMask: attr(16, flags(u16, states)),
    ndmFlagsMask: attr(17, flags(u8, neighbourFlags)),
  }),
);
/** A neighbour, or a bridge's forwarding entry, as the kernel tells of it. */
export type Neighbour = Infer<typeof Neighbour>;
/** A neighbour in a request. What `listNeighbours` gave fits as well. */
export type NeighbourInput = InferInput<typeof Neighbour> & { index: number };

/** The family of a forwarding entry must be given: one of a VXLAN link has an IP address too. */
const withFamily = (given: NeighbourInput): NeighbourInput => ({
  family: given.dst === undefined ? "bridge" : familyOfAddress(given.dst),
  ...given,
});

const nameOf = ({ dst, lladdr, index }: NeighbourInput): string => `${dst ?? lladdr} dev ${index}`;

const makeNeighbour = (word: string, flags: number, given: NeighbourInput): Request =>
  change(`neighbour.${word} ${nameOf(given)}`, RTM.newneigh, flags, Neighbour, {
    state: ["permanent"],
    ...withFamily(given),
  });

/**
 * Adds a neighbour: `ip neighbour add`; with the family `bridge` a forwarding entry: `bridge fdb add`.
 *
 *     addNeighbour({ index: 3, dst: "10.1.0.7", lladdr: "02:00:0a:01:00:07" })
 *     addNeighbour({ family: "bridge", index: 3, lladdr: "02:00:0a:01:00:07", flags: ["master"], state: ["noarp"] })
 *
 * @param neighbour `family` follows from `dst` unless given, and is `bridge` without it; `state` is `permanent` (for
 * forwarding entries: an address of the bridge's own) unless given; `flags: ["proxy"]` makes the host answer for `dst`
 * @returns a request refused with `EEXIST` when there is one for the address
 */
export const addNeighbour = (neighbour: NeighbourInput): Request =>
  makeNeighbour("add", NLM_F.create | NLM_F.exclusive, neighbour);

/** Adds a neighbour, or changes the one with the same address: `ip neighbour replace`. */
export const replaceNeighbour = (neighbour: NeighbourInput): Request =>
  makeNeighbour("replace", NLM_F.create | NLM_F.replace, neighbour);

/** As `replaceNeighbour`, where there is one: `ip neighbour change`. @returns a request refused with `ENOENT` otherwise */
export const changeNeighbour = (neighbour: NeighbourInput): Request =>
  makeNeighbour("change", NLM_F.replace, neighbour);

/** Adds a forwarding entry beside those of the same address, on links that allow several: `bridge fdb append`. */
export const appendNeighbour = (neighbour: NeighbourInput): Request =>
  makeNeighbour("append", NLM_F.create | NLM_F.append, neighbour);

/** Deletes a neighbour: `ip neighbour delete`. @returns a request refused with `ENOENT` when there is none */
export function deleteNeighbour(given: NeighbourInput): Request {
  return change(`neighbour.delete ${nameOf(given)}`, RTM.delneigh, 0, Neighbour, withFamily(given));
}

/** Which neighbour: by address; with the family `bridge` by link-layer address, and VLAN if the bridge filters. */
export type OneNeighbour = Pick<NeighbourInput, "index"> &
  (
    | { dst: string; flags?: readonly "proxy"[] }
    | { family: "bridge"; lladdr: string; vlan?: number; flags?: readonly ("master" | "self")[] }
  );

/** Asks for one neighbour: `ip neighbour get`. @returns a query refused with `ENOENT` when there is none */
export function getNeighbour(neighbour: OneNeighbour): Query<Neighbour> {
  const body = withFamily(neighbour);
  return query(`neighbour.get ${nameOf(body)}`, RTM.getneigh, Neighbour, body, Neighbour);
}

/**
 * Asks for all neighbours, or those of a link (`ifindex`), of a bridge's ports (`master`), of a family. Forwarding
 * entries come only with the family `bridge`, proxies only with the flag `proxy`.
 */
export function listNeighbours(
  filter: {
    family?: "inet" | "inet6" | "bridge";
    ifindex?: number;
    master?: number;
    flags?: readonly "proxy"[];
  } = {},
): Query<Neighbour> {
  return dump("neighbour.list", RTM.getneigh, Neighbour, filter, Neighbour);
}
