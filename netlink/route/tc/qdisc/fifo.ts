/** Queueing disciplines that only queue: `pfifo`, `bfifo`, `pfifo_fast` and `prio` (linux/pkt_sched.h). */
import { fixedBytes, growing, s32, u32 } from "../../../codec/index.ts";

/** struct tc_fifo_qopt. */
export const Fifo = growing({
  /** Packets (`pfifo`) or bytes (`bfifo`) that may wait. */
  limit: u32,
});

/** struct tc_prio_qopt. `tc` sends an empty attribute behind it. */
export const Prio = growing({
  /** How many queues there are, each of which waits for those before it. */
  bands: s32,
  /** A queue for each of 16 priorities (TC_PRIO_*). */
  priomap: fixedBytes(16),
});
