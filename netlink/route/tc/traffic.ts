/** What messages about queueing disciplines, classes and filters share: struct tcmsg and TCA_* (linux/rtnetlink.h). */
import {
  attr,
  attrs,
  bitfield,
  bool,
  bytes,
  cstring,
  flag,
  padding,
  s8,
  s16,
  s32,
  struct,
  u8,
  u32,
} from "../../codec/index.ts";
import { Family } from "../names.ts";
import { handle } from "./handle.ts";
import { OldStatistics, Statistics } from "./statistics.ts";

/** struct tcmsg without its last member, which means something else in each kind of message. */
export const trafficHeader = {
  family: Family,
  pad: padding(3),
  /** Index of the link. */
  index: s32,
  handle,
  parent: handle,
};

/** TCA_* but for TCA_KIND and TCA_OPTIONS, of which each kind of message has a table of its own. */
export const trafficRows = () => ({
  stats: attr(3, OldStatistics),
  /** Counters of the kind, in a form of its own. */
  xstats: attr(4, bytes),
  /** In requests: measure the rate every 2^interval / 4 seconds, smoothed over 2^ewmaLog times. */
  rate: attr(5, struct({ interval: s8, ewmaLog: u8 })),
  fcnt: attr(6, u32),
  stats2: attr(7, Statistics),
  /** How lengths are counted on links that add bytes. */
  stab: attr(
    8,
    attrs(() => ({
      base: attr(
        1,
        struct({
          cellLog: u8,
          sizeLog: u8,
          cellAlign: s16,
          overhead: s32,
          linklayer: u32,
          mpu: u32,
          mtu: u32,
          tsize: u32,
        }),
      ),
      data: attr(2, bytes),
    })),
  ),
  /** In questions: tell those too that the kernel made and nobody asked for. */
  dumpInvisible: attr(10, flag),
  /** Of filters: the chain in which they are. */
  chain: attr(11, u32),
  hwOffload: attr(12, bool),
  /** Filters shared by several links: the block's number. */
  ingressBlock: attr(13, u32),
  egressBlock: attr(14, u32),
  /** In questions about filters: leave out all but the most needed. */
  dumpFlags: attr(15, bitfield({ terse: 1 })),
  /** What the kernel says of a request that it did take. Linux 6.3. */
  extWarnMsg: attr(16, cstring),
});
