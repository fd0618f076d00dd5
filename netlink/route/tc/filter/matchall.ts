/** The filter `matchall`: every packet (TCA_MATCHALL_*, linux/pkt_cls.h). */
import { attr, attrs, type Infer, struct, u64 } from "../../../codec/index.ts";
import { Actions } from "../action/index.ts";
import { handle } from "../handle.ts";
import { FilterFlags } from "./flags.ts";

/** TCA_MATCHALL_* (net/sched/cls_matchall.c of the kernel). */
export const Matchall = attrs(() => ({
  classid: attr(1, handle),
  act: attr(2, Actions),
  flags: attr(3, FilterFlags),
  /** How many packets it has met. */
  pcnt: attr(4, struct({ rhit: u64 })),
}));
export type Matchall = Infer<typeof Matchall>;
