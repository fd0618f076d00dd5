/** The link kind `bridge` (IFLA_BR_*, linux/if_link.h; net/bridge/br_netlink.c of the kernel). */
import {
  address,
  attr,
  attrs,
  bool,
  flag,
  flags,
  type Infer,
  mac,
  nest,
  oneOf,
  struct,
  u8,
  u16,
  u16be,
  u32,
  u64,
} from "../../codec/index.ts";

/** struct ifla_bridge_id. */
export const BridgeId = struct({
  /** Network order. */
  prio: u16be,
  addr: mac,
});

/** Whether multicast routers are expected (MDB_RTR_TYPE_*, linux/if_bridge.h). */
export const MulticastRouter = oneOf(u8, { disabled: 0, tempQuery: 1, perm: 2, temp: 3 });

/** BR_BOOLOPT_* of linux/if_bridge.h, as bits. */
const BooleanOptions = flags(u32, {
  noLlLearn: 1,
  mcastVlanSnooping: 2,
  mstEnable: 4,
  mdbOffloadFailNotification: 8,
});

/** Who asks for multicast groups (BRIDGE_QUERIER_*, linux/if_bridge.h); timers in 1/100 s. */
const QuerierState = attrs(() => ({
  ipAddress: attr(1, address),
  /** Index of the port behind which the IPv4 querier is. */
  ipPort: attr(2, u32),
  ipOtherTimer: attr(3, u64),
  ipv6Address: attr(5, address),
  ipv6Port: attr(6, u32),
  ipv6OtherTimer: attr(7, u64),
}));

/** A bridge's options. Times are in hundredths of a second (USER_HZ). */
export const Bridge = attrs(() => ({
  forwardDelay: attr(1, u32),
  helloTime: attr(2, u32),
  maxAge: attr(3, u32),
  ageingTime: attr(4, u32),
  /** 0 off, 1 the kernel's spanning tree, 2 one in user space. */
  stpState: attr(5, u32),
  priority: attr(6, u16),
  /** Refused with EOPNOTSUPP by kernels without CONFIG_BRIDGE_VLAN_FILTERING. */
  vlanFiltering: attr(7, bool),
  /** EtherType of the tags, 0x8100 or 0x88a8; network order on the wire. */
  vlanProtocol: attr(8, u16be),
  groupFwdMask: attr(9, u16),
  rootId: attr(10, BridgeId),
  bridgeId: attr(11, BridgeId),
  rootPort: attr(12, u16),
  rootPathCost: attr(13, u32),
  topologyChange: attr(14, bool),
  topologyChangeDetected: attr(15, bool),
  helloTimer: attr(16, u64),
  tcnTimer: attr(17, u64),
  topologyChangeTimer: attr(18, u64),
  gcTimer: attr(19, u64),
  /** Where the bridge's protocol frames go. */
  groupAddr: attr(20, mac),
  /** In requests: forget the addresses learned. */
  fdbFlush: attr(21, flag),
  mcastRouter: attr(22, MulticastRouter),
  mcastSnooping: attr(23, bool),
  mcastQueryUseIfaddr: attr(24, bool),
  mcastQuerier: attr(25, bool),
  /** Without an effect since Linux 4.20, which always answers 16. */
  mcastHashElasticity: attr(26, u32),
  mcastHashMax: attr(27, u32),
  mcastLastMemberCnt: attr(28, u32),
  mcastStartupQueryCnt: attr(29, u32),
  mcastLastMemberIntvl: attr(30, u64),
  mcastMembershipIntvl: attr(31, u64),
  mcastQuerierIntvl: attr(32, u64),
  mcastQueryIntvl: attr(33, u64),
  mcastQueryResponseIntvl: attr(34, u64),
  mcastStartupQueryIntvl: attr(35, u64),
  nfCallIptables: attr(36, bool),
  nfCallIp6tables: attr(37, bool),
  nfCallArptables: attr(38, bool),
  /** The VLAN that new ports get untagged; 0 for none. */
  vlanDefaultPvid: attr(39, u16),
  vlanStatsEnabled: attr(41, bool),
  mcastStatsEnabled: attr(42, bool),
  mcastIgmpVersion: attr(43, u8),
  mcastMldVersion: attr(44, u8),
  vlanStatsPerPort: attr(45, bool),
  /** Only the options in `optmask` change, to what `optval` says. */
  multiBoolopt: attr(46, struct({ optval: BooleanOptions, optmask: BooleanOptions })),
  mcastQuerierState: nest(47, QuerierState),
  /** How many addresses are learned now. Linux 6.8. */
  fdbNLearned: attr(48, u32),
  /** How many may be learned; 0 for no limit. Linux 6.8. */
  fdbMaxLearned: attr(49, u32),
}));
export type Bridge = Infer<typeof Bridge>;
