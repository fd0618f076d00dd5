/** The action `mirred`: packets go to another link, or a copy of them does (TCA_MIRRED_*, linux/tc_act/tc_mirred.h). */
import { attr, attrs, type Infer, oneOf, s32, struct, u32 } from "../../../codec/index.ts";
import { common, Times } from "./verdict.ts";

/** TCA_MIRRED_* (net/sched/act_mirred.c of the kernel). */
export const Mirred = attrs(() => ({
  tm: attr(1, Times),
  parms: attr(
    2,
    struct({
      ...common,
      /** Whether the packet or a copy goes, and whether it leaves by the link or comes in at it. */
      eaction: oneOf(s32, { egressRedir: 1, egressMirror: 2, ingressRedir: 3, ingressMirror: 4 }),
      /** Index of the other link. */
      ifindex: u32,
    }),
  ),
  /** Links that share this number, instead of one link. Linux 6.8. */
  blockid: attr(4, u32),
}));
export type Mirred = Infer<typeof Mirred>;
