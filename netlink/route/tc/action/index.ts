/** Actions: what filters do with packets, each a kind and the options that go with it (TCA_ACT_*, linux/pkt_cls.h). */
import {
  attr,
  attrs,
  bitfield,
  byKind,
  bytes,
  cstring,
  type Infer,
  indexed,
  u32,
} from "../../../codec/index.ts";
import { Statistics } from "../statistics.ts";
import { Gact } from "./gact.ts";
import { Mirred } from "./mirred.ts";
import { Police } from "./police.ts";

/** The kinds that are described here, by the kernel's names. Others keep their name, and their options unread. */
const actionKinds = { gact: Gact, mirred: Mirred, police: Police };

const hardwareStatistics = bitfield({ immediate: 1, delayed: 2 });

export const Action = attrs(() => ({
  kind: attr(1, cstring),
  options: byKind(2, "kind", actionKinds, "toKernel"),
  index: attr(3, u32),
  stats: attr(4, Statistics),
  /** Up to 16 bytes that mean something to who made it. */
  cookie: attr(6, bytes),
  flags: attr(7, bitfield({ noPercpuStats: 1, skipHw: 2, skipSw: 4 })),
  hwStats: attr(8, hardwareStatistics),
  usedHwStats: attr(9, hardwareStatistics),
  inHwCount: attr(10, u32),
}));
export type Action = Infer<typeof Action>;

/** The actions of a filter, one after another. */
export const Actions = indexed(Action);

/** `action mirred egress redirect dev …`: packets leave by the link with this index instead. */
export const redirectTo = (ifindex: number): Action => ({
  kind: "mirred",
  options: {
    parms: {
      index: 0,
      capab: 0,
      action: "stolen",
      refcnt: 0,
      bindcnt: 0,
      eaction: "egressRedir",
      ifindex,
    },
  },
});
