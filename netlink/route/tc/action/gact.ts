/** The action `gact`: a verdict, always or at random (TCA_GACT_*, linux/tc_act/tc_gact.h). */
import { attr, attrs, type Infer, oneOf, struct, u16 } from "../../../codec/index.ts";
import { common, Times, Verdict } from "./verdict.ts";

/** TCA_GACT_* (net/sched/act_gact.c of the kernel). */
export const Gact = attrs(() => ({
  tm: attr(1, Times),
  parms: attr(2, struct(common)),
  /** Another verdict for one packet in `pval`. */
  prob: attr(
    3,
    struct({ ptype: oneOf(u16, { none: 0, netrand: 1, determ: 2 }), pval: u16, paction: Verdict }),
  ),
}));
export type Gact = Infer<typeof Gact>;
