/** A route message: struct rtmsg and RTA_* (linux/rtnetlink.h). */
import {
  address,
  attr,
  bytes,
  flags,
  growing,
  type Infer,
  type InferInput,
  message,
  oneOf,
  s32,
  struct,
  u8,
  u16be,
  u32,
  u32be,
  u64,
} from "../codec/index.ts";
import { Metrics } from "./metrics.ts";
import { Family, RouteProtocol, RouteType, Scope, tables } from "./names.ts";
import { EncapType, NextHops, nextHopFlags, Via } from "./next-hop.ts";

export const Route = message(
  {
    family: Family,
    /** Number of bits of `dst`; 0 for a default route. */
    dstLen: u8,
    srcLen: u8,
    tos: u8,
    /** `table` where that is less than 256; the kernel looks here only when `table` is absent. */
    headerTable: oneOf(u8, tables),
    protocol: RouteProtocol,
    scope: Scope,
    type: RouteType,
    flags: flags(u32, {
      ...nextHopFlags,
      notify: 0x100,
      cloned: 0x200,
      equalize: 0x400,
      prefix: 0x800,
      /** In a question: tell the table in which the route was found. */
      lookupTable: 0x1000,
      /** In a question: give the route itself, not what it means for this packet. */
      fibMatch: 0x2000,
      rtOffload: 0x4000,
      rtTrap: 0x8000,
      offloadFailed: 0x20000000,
    }),
  },
  () => ({
    dst: attr(1, address),
    src: attr(2, address),
    /** Index of the link at which packets come in. */
    iif: attr(3, u32),
    /** Index of the link by which packets leave. */
    oif: attr(4, u32),
    gateway: attr(5, address),
    /** The metric: the lowest wins. */
    priority: attr(6, u32),
    /** The source address that the host prefers for its own packets. */
    prefsrc: attr(7, address),
    metrics: attr(8, Metrics),
    multipath: attr(9, NextHops),
    /** Realms: of the destination in the lower half, of the source in the upper. */
    flow: attr(11, u32),
    /** Times in 1/100 s. */
    cacheinfo: attr(
      12,
      growing({
        clntref: u32,
        lastuse: u32,
        expires: s32,
        error: u32,
        used: u32,
        id: u32,
        ts: u32,
        tsage: u32,
      }),
    ),
    table: attr(15, oneOf(u32, tables)),
    mark: attr(16, u32),
    mfcStats: attr(17, struct({ packets: u64, bytes: u64, wrongIf: u64 })),
    via: attr(18, Via),
    newdst: attr(19, bytes),
    /** RFC 4191: which of several default routers. */
    pref: attr(20, oneOf(u8, { medium: 0, high: 1, invalid: 2, low: 3 })),
    encapType: attr(21, EncapType),
    /** IPv6, in seconds. */
    expires: attr(23, u32),
    uid: attr(25, u32),
    ttlPropagate: attr(26, u8),
    ipProto: attr(27, u8),
    /** Network order on the wire. */
    sport: attr(28, u16be),
    /** Network order on the wire. */
    dport: attr(29, u16be),
    /** Id of a next hop object (RTM_NEWNEXTHOP). */
    nhId: attr(30, u32),
    /** Network order on the wire. Linux 6.14. */
    flowlabel: attr(31, u32be),
  }),
);
/** A route as the kernel tells of it. */
export type Route = Infer<typeof Route>;
/** A route in a request. What `listRoutes` gave fits as well. */
export type RouteInput = InferInput<typeof Route>;
