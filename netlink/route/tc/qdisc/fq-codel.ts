/** The queueing discipline `fq_codel`: flows in turn, without long queues (TCA_FQ_CODEL_*, linux/pkt_sched.h). */
import { attr, attrs, type Infer, u8, u32 } from "../../../codec/index.ts";

/** TCA_FQ_CODEL_* (net/sched/sch_fq_codel.c of the kernel). Times in microseconds. */
export const FqCodel = attrs(() => ({
  /** How long a packet may wait. */
  target: attr(1, u32),
  /** How many packets may wait. */
  limit: attr(2, u32),
  /** For how long waiting must be too long before packets are dropped. */
  interval: attr(3, u32),
  /** 1: mark instead of dropping. */
  ecn: attr(4, u32),
  /** Only at creation. */
  flows: attr(5, u32),
  /** Bytes that a flow sends in turn with others. */
  quantum: attr(6, u32),
  ceThreshold: attr(7, u32),
  dropBatchSize: attr(8, u32),
  /** Bytes of memory. */
  memoryLimit: attr(9, u32),
  ceThresholdSelector: attr(10, u8),
  ceThresholdMask: attr(11, u8),
}));
export type FqCodel = Infer<typeof FqCodel>;
