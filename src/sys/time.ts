/** Waiting and measuring time, without a clock that people can set. */

/** Does nothing for a time in milliseconds; the whole thread waits. */
export const sleep = (milliseconds: number): void => Bun.sleepSync(milliseconds);

/** Milliseconds since the process started, with fractions; never goes back. */
export const monotonic = (): number => performance.now();
