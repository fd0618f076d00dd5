/** A link message: struct ifinfomsg and IFLA_* (linux/rtnetlink.h, linux/if.h, linux/if_link.h). */
import {
  asym,
  attr,
  attrs,
  bool,
  bytes,
  cstring,
  flags,
  type Infer,
  type InferInput,
  mac,
  message,
  nest,
  oneOf,
  padding,
  repeated,
  s32,
  text,
  u8,
  u16,
  u32,
  uint,
} from "../../codec/index.ts";
import { Family } from "../names.ts";
import { InetLink } from "./inet.ts";
import { Inet6Link } from "./inet6.ts";
import { LinkInfo } from "./info.ts";
import { LinkMap, LinkStats, LinkStats64 } from "./statistics.ts";
import { Xdp } from "./xdp.ts";

/** IFF_*. The kernel sets those that say what a link can do and how it is; the others may be set. */
const LinkFlags = flags(u32, {
  up: 0x1,
  broadcast: 0x2,
  debug: 0x4,
  loopback: 0x8,
  pointopoint: 0x10,
  notrailers: 0x20,
  running: 0x40,
  noarp: 0x80,
  promisc: 0x100,
  allmulti: 0x200,
  master: 0x400,
  slave: 0x800,
  multicast: 0x1000,
  portsel: 0x2000,
  automedia: 0x4000,
  dynamic: 0x8000,
  lowerUp: 0x10000,
  dormant: 0x20000,
  echo: 0x40000,
});

/** ARPHRD_* (linux/if_arp.h): the hardware types of today's links. */
const HardwareType = oneOf(u16, {
  netrom: 0,
  ether: 1,
  infiniband: 32,
  can: 280,
  mctp: 290,
  ppp: 512,
  rawip: 519,
  tunnel: 768,
  tunnel6: 769,
  loopback: 772,
  sit: 776,
  ipgre: 778,
  pimreg: 779,
  ieee80211: 801,
  phonet: 820,
  ip6gre: 823,
  netlink: 824,
  vsockmon: 826,
  none: 0xfffe,
  void: 0xffff,
});

/** RTEXT_FILTER_*: what replies should have besides, and leave out. */
export const LinkDetails = flags(u32, {
  vf: 1,
  brvlan: 2,
  brvlanCompressed: 4,
  skipStats: 8,
  mrp: 16,
  cfmConfig: 32,
  cfmStatus: 64,
  mst: 128,
});

/** struct ifinfomsg. */
export const linkHeader = {
  /** `unspec`; `bridge` and `inet6` ask for what these families say of links. */
  family: Family,
  pad: padding(1),
  type: HardwareType,
  index: s32,
  flags: LinkFlags,
  /** In requests: the flags that are to become as `flags` says. */
  change: LinkFlags,
};

/** IFLA_*. Not here: IFLA_COST, _PRIORITY and _WIRELESS, which no kernel speaks, and the SR-IOV functions. */
export const linkRows = () => ({
  /** Link-layer address. */
  address: attr(1, mac),
  broadcast: attr(2, mac),
  /** At most 15 bytes. `veth%d` lets the kernel choose a number. */
  ifname: attr(3, cstring),
  mtu: attr(4, u32),
  /** Index of the link below, or of a veth's other end; in the namespace `linkNetnsid` if that is there. */
  link: attr(5, u32),
  qdisc: attr(6, cstring),
  stats: attr(7, LinkStats),
  /** Index of the bridge or the like to which the link belongs; 0 for none. */
  master: attr(10, u32),
  /** Only in messages of the family `inet6`. */
  protinfo: attr(12, Inet6Link),
  txqlen: attr(13, u32),
  map: attr(14, LinkMap),
  weight: attr(15, u32),
  /** IF_OPER_* (RFC 2863). */
  operstate: attr(
    16,
    oneOf(u8, {
      unknown: 0,
      notpresent: 1,
      down: 2,
      lowerlayerdown: 3,
      testing: 4,
      dormant: 5,
      up: 6,
    }),
  ),
  linkmode: attr(17, oneOf(u8, { default: 0, dormant: 1, testing: 2 })),
  linkinfo: attr(18, LinkInfo),
  /** In requests: move the link to the namespace of this process. */
  netNsPid: attr(19, u32),
  /** At most 255 bytes; an empty one removes it. */
  ifalias: attr(20, asym(text, cstring)),
  numVf: attr(21, u32),
  stats64: attr(23, LinkStats64),
  /** What address families say of the link (AF_*). */
  afSpec: attr(
    26,
    attrs(() => ({
      inet: attr(2, InetLink),
      inet6: attr(10, Inet6Link),
      mctp: attr(
        45,
        attrs(() => ({ net: attr(1, u32), physBinding: attr(2, u8) })),
      ),
    })),
  ),
  group: attr(27, u32),
  /** In requests: move the link to the namespace open as this file descriptor. */
  netNsFd: attr(28, u32),
  extMask: attr(29, LinkDetails),
  promiscuity: attr(30, u32),
  numTxQueues: attr(31, u32),
  numRxQueues: attr(32, u32),
  carrier: attr(33, bool),
  physPortId: attr(34, bytes),
  carrierChanges: attr(35, u32),
  physSwitchId: attr(36, bytes),
  /** Id of the namespace in which `link` is. */
  linkNetnsid: attr(37, s32),
  physPortName: attr(38, cstring),
  protoDown: attr(39, bool),
  gsoMaxSegs: attr(40, u32),
  gsoMaxSize: attr(41, u32),
  xdp: attr(43, Xdp),
  /** IFLA_EVENT_*: why a notification was sent. */
  event: attr(
    44,
    oneOf(u32, {
      none: 0,
      reboot: 1,
      features: 2,
      bondingFailover: 3,
      notifyPeers: 4,
      igmpResend: 5,
      bondingOptions: 6,
    }),
  ),
  /** In the notification that a link has left: where it went. */
  newNetnsid: attr(45, s32),
  /** Id of another namespace in which the request is meant, or from which the reply is. */
  targetNetnsid: attr(46, s32),
  carrierUpCount: attr(47, u32),
  carrierDownCount: attr(48, u32),
  newIfindex: attr(49, s32),
  minMtu: attr(50, u32),
  maxMtu: attr(51, u32),
  propList: nest(
    52,
    attrs(() => ({ altIfname: repeated(53, cstring) })),
  ),
  /** In requests for one link: any of its alternative names. */
  altIfname: attr(53, cstring),
  permAddress: attr(54, mac),
  protoDownReason: nest(
    55,
    attrs(() => ({ mask: attr(1, u32), value: attr(2, u32) })),
  ),
  parentDevName: attr(56, cstring),
  parentDevBusName: attr(57, cstring),
  groMaxSize: attr(58, u32),
  tsoMaxSize: attr(59, u32),
  tsoMaxSegs: attr(60, u32),
  allmulti: attr(61, u32),
  /** Linux 6.2 (DEVLINK_ATTR_*). */
  devlinkPort: nest(
    62,
    attrs(() => ({ busName: attr(1, cstring), devName: attr(2, cstring), portIndex: attr(3, u32) })),
  ),
  /** Linux 6.3. */
  gsoIpv4MaxSize: attr(63, u32),
  /** Linux 6.3. */
  groIpv4MaxSize: attr(64, u32),
  /** Linux 6.7 (DPLL_A_PIN_*). */
  dpllPin: nest(
    65,
    attrs(() => ({ id: attr(1, u32) })),
  ),
  /** In nanoseconds. Linux 6.14. */
  maxPacingOffloadHorizon: attr(66, uint),
  /** The link cannot be moved to another namespace. Linux 6.15. */
  netnsImmutable: attr(67, bool),
  /** Bytes that the link wants free before a packet. Linux 6.18. */
  headroom: attr(68, u16),
  /** Bytes that the link wants free behind a packet. Linux 6.18. */
  tailroom: attr(69, u16),
});

export const Link = message(linkHeader, linkRows);
/** A link as the kernel tells of it. */
export type Link = Infer<typeof Link>;
/** A link, or what is to change of it, in a request. */
export type LinkInput = InferInput<typeof Link>;
