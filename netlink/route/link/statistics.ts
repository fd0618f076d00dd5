/** A link's counters (struct rtnl_link_stats and rtnl_link_stats64) and its hardware's addresses (rtnl_link_ifmap). */
import { type Codec, growing, padding, struct, u8, u16, u32, u64 } from "../../codec/index.ts";

/** The counters in the order of the struct, each of `counter`'s width. */
const counters = <N>(counter: Codec<N>) => ({
  rxPackets: counter,
  txPackets: counter,
  rxBytes: counter,
  txBytes: counter,
  rxErrors: counter,
  txErrors: counter,
  rxDropped: counter,
  txDropped: counter,
  multicast: counter,
  collisions: counter,
  rxLengthErrors: counter,
  rxOverErrors: counter,
  rxCrcErrors: counter,
  rxFrameErrors: counter,
  rxFifoErrors: counter,
  rxMissedErrors: counter,
  txAbortedErrors: counter,
  txCarrierErrors: counter,
  txFifoErrors: counter,
  txHeartbeatErrors: counter,
  txWindowErrors: counter,
  rxCompressed: counter,
  txCompressed: counter,
  rxNohandler: counter,
});

/** IFLA_STATS: counters that start again after 2^32. */
export const LinkStats = growing(counters(u32));

/** IFLA_STATS64. */
export const LinkStats64 = growing({ ...counters(u64), rxOtherhostDropped: u64 });

/** IFLA_MAP: where the hardware is; zeros on virtual links. */
export const LinkMap = struct({
  memStart: u64,
  memEnd: u64,
  baseAddr: u64,
  irq: u16,
  dma: u8,
  port: u8,
  tail: padding(4),
});
