/** Counters of queueing disciplines, classes and actions (TCA_STATS_*, linux/gen_stats.h; struct tc_stats). */
import { attr, attrs, bytes, padding, struct, u32, u64 } from "../../codec/index.ts";

/** struct gnet_stats_basic. */
const Basic = struct({ bytes: u64, packets: u32, pad: padding(4) });

export const Statistics = attrs(() => ({
  /** What passed, in hardware too. */
  basic: attr(1, Basic),
  /** Bytes and packets a second. */
  rateEst: attr(2, struct({ bps: u32, pps: u32 })),
  queue: attr(3, struct({ qlen: u32, backlog: u32, drops: u32, requeues: u32, overlimits: u32 })),
  /** Counters of the kind, in a form of its own. */
  app: attr(4, bytes),
  rateEst64: attr(5, struct({ bps: u64, pps: u64 })),
  /** What passed in hardware. */
  basicHw: attr(7, Basic),
  /** Packets, where 32 bits do not hold them. */
  pkt64: attr(8, u64),
}));

/** struct tc_stats: the older form of the same. */
export const OldStatistics = struct({
  bytes: u64,
  packets: u32,
  drops: u32,
  overlimits: u32,
  bps: u32,
  pps: u32,
  qlen: u32,
  backlog: u32,
  pad: padding(4),
});
