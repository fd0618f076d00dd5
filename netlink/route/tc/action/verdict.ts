/** What actions share: what becomes of a packet, and when an action was made and used (TC_ACT_*, linux/pkt_cls.h). */
import { oneOf, s32, struct, u32, u64 } from "../../../codec/index.ts";

/** TC_ACT_*: what becomes of the packet. Jumps are numbers from 0x10000000 on. */
export const Verdict = oneOf(s32, {
  unspec: -1,
  ok: 0,
  reclassify: 1,
  /** Dropped. */
  shot: 2,
  /** On to the next action. */
  pipe: 3,
  /** It belongs to the action now. */
  stolen: 4,
  queued: 5,
  repeat: 6,
  redirect: 7,
  trap: 8,
});

/** struct tcf_t: ages in 1/100 s. */
export const Times = struct({ install: u64, lastuse: u64, expires: u64, firstuse: u64 });

/** The macro `tc_gen`: members with which the parameters of most actions begin. */
export const common = {
  /** The action's number among those of its kind; 0 in a request: the kernel chooses one. */
  index: u32,
  capab: u32,
  action: Verdict,
  refcnt: s32,
  /** How many filters use it. */
  bindcnt: s32,
};
