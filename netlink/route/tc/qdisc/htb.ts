/** The queueing discipline `htb` and its classes: rates shared out in a tree (TCA_HTB_*, linux/pkt_sched.h). */
import { attr, attrs, bytes, flag, type Infer, struct, u32, u64 } from "../../../codec/index.ts";
import { RateSpec } from "../rate.ts";

/** TCA_HTB_* (net/sched/sch_htb.c of the kernel). Rates are in bytes a second, times in ticks of 64 ns. */
export const Htb = attrs(() => ({
  /** Of a class. */
  parms: attr(
    1,
    struct({
      /** What it gets in any case. */
      rate: RateSpec,
      /** What it gets when others leave it over. */
      ceil: RateSpec,
      /** The buckets of both, as times. */
      buffer: u32,
      cbuffer: u32,
      /** Bytes that it sends in turn with others. */
      quantum: u32,
      /** Only in replies: 0 for a leaf. */
      level: u32,
      /** The lowest is served first. */
      prio: u32,
    }),
  ),
  /** Of the queueing discipline. */
  init: attr(2, struct({ version: u32, rate2quantum: u32, defcls: u32, debug: u32, directPkts: u32 })),
  ctab: attr(3, bytes),
  rtab: attr(4, bytes),
  /** How many packets without a class may wait. */
  directQlen: attr(5, u32),
  rate64: attr(6, u64),
  ceil64: attr(7, u64),
  offload: attr(9, flag),
}));
export type Htb = Infer<typeof Htb>;
