/**
 * The arithmetic of traffic control: ticks, and tables of how long packets take (tc/tc_core.c of iproute2 says what a
 * program computes; include/net/pkt_sched.h of the kernel what a tick is).
 */
import { MAX_RATE32 } from "./rate.ts";

const MICROSECONDS = 1_000_000;

/** The ticks of a microsecond in every kernel since 2.6.31: a tick is 64 ns. */
export const USUAL_TICKS = 15.625;

/**
 * Ticks in a microsecond, from the text of /proc/net/psched: four hexadecimal numbers, of which the first two are the
 * nanoseconds of a microsecond and of a tick, and the third the resolution of the clock.
 * @throws RangeError when it is another text
 */
export function ticksPerMicrosecond(psched: string): number {
  const numbers = psched.trim().split(/\s+/);
  const [perMicrosecond, perTick, resolution] = numbers.map((text) => Number.parseInt(text, 16));
  if (numbers.length !== 4 || !perMicrosecond || !perTick || !resolution)
    throw new RangeError(`"${psched.trim()}" is not four hexadecimal numbers`);
  const numerator = resolution === 1_000_000_000 ? perTick : perMicrosecond;
  return (numerator / perTick) * (resolution / MICROSECONDS);
}

/**
 * How long `bytes` take at `rate` bytes a second, in ticks; as `tc` has it, of whole microseconds.
 * @param ticks ticks in a microsecond
 */
export const transmitTicks = (rate: number | bigint, bytes: number, ticks: number): number =>
  Math.trunc(Math.trunc(MICROSECONDS * (bytes / Number(rate))) * ticks) >>> 0;

/** How many bytes are sent in `time` ticks at `rate` bytes a second. */
export const transmitBytes = (rate: number | bigint, time: number, ticks: number): number =>
  Math.trunc((Number(rate) * (time / ticks)) / MICROSECONDS);

/** `rate` as far as 32 bits can say it. */
export const rate32 = (rate: number | bigint): number => Math.min(Number(rate), MAX_RATE32);

const CELLS = 256;
/** What `tc` takes for the longest packet: Ethernet's frame with room to spare. */
const USUAL_MTU = 2047;

/** A rate table: how long packets of each length take, for kernels that need one. */
export interface RateTable {
  /** The table: 256 numbers of ticks, 4 bytes each, host order. */
  readonly bytes: Uint8Array;
  /** A cell of the table has 2^cellLog bytes. */
  readonly cellLog: number;
}

/**
 * The table of `rate` bytes a second.
 * @param mtu the longest packet in bytes
 */
export function rateTable(rate: number | bigint, ticks: number, mtu = USUAL_MTU): RateTable {
  let cellLog = 0;
  while (mtu >> cellLog >= CELLS) cellLog++;
  const table = Uint32Array.from({ length: CELLS }, (_, cell) =>
    transmitTicks(rate, (cell + 1) << cellLog, ticks),
  );
  return { bytes: new Uint8Array(table.buffer), cellLog };
}
