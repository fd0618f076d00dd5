/** Rates as traffic control writes them (struct tc_ratespec and the rate tables, linux/pkt_sched.h). */
import { oneOf, s16, struct, u8, u16, u32 } from "../../codec/index.ts";

/** How the length of a packet counts. */
export const RateSpec = struct({
  /** A rate table's cell has 2^cellLog bytes. */
  cellLog: u8,
  /** `unaware`: by the rate table alone, as old programs send it. */
  linklayer: oneOf(u8, { unaware: 0, ethernet: 1, atm: 2 }),
  /** Bytes that count besides for each packet. */
  overhead: u16,
  cellAlign: s16,
  /** The least that a packet counts, in bytes. */
  mpu: u16,
  /** Bytes a second; 2^32 - 1 where an attribute beside it has the rate in 64 bits. */
  rate: u32,
});

/** A rate that is not there. */
export const noRate = {
  cellLog: 0,
  linklayer: "unaware",
  overhead: 0,
  cellAlign: 0,
  mpu: 0,
  rate: 0,
} as const;

/** What fits `rate` of a `RateSpec`. */
export const MAX_RATE32 = 0xffff_ffff;
