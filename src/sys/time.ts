/** Waiting and measuring time, without a clock that people can set. */
import { onFirstUse, openLibrary, retrying } from "../../netlink/socket/libc.ts";

/** Does nothing for a time in milliseconds; the whole thread waits. */
export const sleep = (milliseconds: number): void => Bun.sleepSync(milliseconds);

/** Milliseconds since the process started, with fractions; never goes back. */
export const monotonic = (): number => performance.now();

const clock = onFirstUse(() => openLibrary({ clock_gettime: { args: ["i32", "ptr"], returns: "i32" } }));
const CLOCK_BOOTTIME = 7;

/** Milliseconds since the machine was started, times of sleep included: the same for all processes, and nobody can set it. */
export function sinceBoot(): number {
  const time = new BigInt64Array(new ArrayBuffer(16)); // struct timespec of 64-bit processors
  retrying("read the clock", () => clock().clock_gettime(CLOCK_BOOTTIME, time));
  return Number(time[0]! * 1000n + time[1]! / 1_000_000n);
}
