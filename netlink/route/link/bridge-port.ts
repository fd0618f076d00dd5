/** What a bridge knows of its port (IFLA_BRPORT_*, linux/if_link.h; net/bridge/br_netlink.c of the kernel). */
import { attr, attrs, bool, flag, type Infer, oneOf, u8, u16, u32, u64 } from "../../codec/index.ts";
import { BridgeId, MulticastRouter } from "./bridge.ts";

/** A port's options: `slaveData` of a link whose `slaveKind` is `bridge`, and `protinfo` in the family `bridge`. */
export const BridgePort = attrs(() => ({
  /** State of the spanning tree (BR_STATE_*). May be set only while the port is up and the kernel runs no tree. */
  state: attr(1, oneOf(u8, { disabled: 0, listening: 1, learning: 2, forwarding: 3, blocking: 4 })),
  priority: attr(2, u16),
  cost: attr(3, u32),
  /** Hairpin: frames may leave by the port at which they came. */
  mode: attr(4, bool),
  /** Refuse the frames of the spanning tree. */
  guard: attr(5, bool),
  /** Never become the root port. */
  protect: attr(6, bool),
  fastLeave: attr(7, bool),
  learning: attr(8, bool),
  unicastFlood: attr(9, bool),
  proxyarp: attr(10, bool),
  learningSync: attr(11, bool),
  proxyarpWifi: attr(12, bool),
  rootId: attr(13, BridgeId),
  bridgeId: attr(14, BridgeId),
  designatedPort: attr(15, u16),
  designatedCost: attr(16, u16),
  id: attr(17, u16),
  no: attr(18, u16),
  topologyChangeAck: attr(19, bool),
  configPending: attr(20, bool),
  messageAgeTimer: attr(21, u64),
  forwardDelayTimer: attr(22, u64),
  holdTimer: attr(23, u64),
  /** In requests: forget the addresses learned at the port. */
  flush: attr(24, flag),
  multicastRouter: attr(25, MulticastRouter),
  mcastFlood: attr(27, bool),
  mcastToUcast: attr(28, bool),
  vlanTunnel: attr(29, bool),
  bcastFlood: attr(30, bool),
  groupFwdMask: attr(31, u16),
  neighSuppress: attr(32, bool),
  /** Isolated ports do not reach one another. */
  isolated: attr(33, bool),
  /** Index of the port that takes over when this one has no carrier; 0 for none. */
  backupPort: attr(34, u32),
  mrpRingOpen: attr(35, bool),
  mrpInOpen: attr(36, bool),
  mcastEhtHostsLimit: attr(37, u32),
  mcastEhtHostsCnt: attr(38, u32),
  /** Only frames from known addresses come in. */
  locked: attr(39, bool),
  /** A locked port notes who was refused. Linux 6.2. */
  mab: attr(40, bool),
  /** Linux 6.3. */
  mcastNGroups: attr(41, u32),
  /** Linux 6.3. */
  mcastMaxGroups: attr(42, u32),
  /** Linux 6.4. */
  neighVlanSuppress: attr(43, bool),
  /** Linux 6.6. */
  backupNhid: attr(44, u32),
}));
export type BridgePort = Infer<typeof BridgePort>;
