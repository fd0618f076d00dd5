/** The filter `u32`: packets by their bytes (TCA_U32_*, linux/pkt_cls.h). */
import {
  array,
  attr,
  attrs,
  cstring,
  flags,
  type Infer,
  padding,
  s16,
  s32,
  struct,
  u8,
  u16,
  u16be,
  u32,
  u32be,
  u64,
} from "../../../codec/index.ts";
import { Actions } from "../action/index.ts";
import { Police } from "../action/police.ts";
import { handle } from "../handle.ts";
import { FilterFlags } from "./flags.ts";

/** struct tc_u32_key: the word at `off` has the bits of `val` where `mask` has bits. */
const Key = struct({
  /** Network order. */
  mask: u32be,
  /** Network order. */
  val: u32be,
  /** Bytes from the network header on, a multiple of 4. */
  off: s32,
  /** The bits of an offset read from the packet that count; 0 for none. */
  offmask: s32,
});

/** struct tc_u32_sel: all keys must fit. */
const Selector = struct({
  flags: flags(u8, { terminal: 1, offset: 2, varoffset: 4, eat: 8 }),
  offshift: u8,
  /** How many keys there are. */
  nkeys: u8,
  pad: padding(1),
  /** Network order. */
  offmask: u16be,
  off: u16,
  offoff: s16,
  hoff: s16,
  /** Network order. */
  hmask: u32be,
  keys: array(Key),
});

/** TCA_U32_* (net/sched/cls_u32.c of the kernel). */
export const U32 = attrs(() => ({
  classid: attr(1, handle),
  /** The table in which it is, as 0x80000000 for 800:. */
  hash: attr(2, u32),
  /** The table in which to go on. */
  link: attr(3, u32),
  /** Of a table: how many slots it has. */
  divisor: attr(4, u32),
  sel: attr(5, Selector),
  police: attr(6, Police),
  act: attr(7, Actions),
  indev: attr(8, cstring),
  /** How often the filter was asked and met; then for each key. Only with CONFIG_CLS_U32_PERF. */
  pcnt: attr(9, array(u64)),
  mark: attr(10, struct({ val: u32, mask: u32, success: u32 })),
  flags: attr(11, FilterFlags),
}));
export type U32 = Infer<typeof U32>;

/** `match u32 0 0`: a selector that every packet fits. */
export const everyPacket: NonNullable<U32["sel"]> = {
  flags: ["terminal"],
  offshift: 0,
  nkeys: 1,
  offmask: 0,
  off: 0,
  offoff: 0,
  hoff: 0,
  hmask: 0,
  keys: [{ mask: 0, val: 0, off: 0, offmask: 0 }],
};
