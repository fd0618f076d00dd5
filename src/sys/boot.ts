/** When this boot began, in the times that files have: for telling what an earlier boot has left. */
import { lastChange, listDirectory } from "./directories.ts";
import { readText } from "./files.ts";

/** The clock, the time since the machine started, both in milliseconds, and the directory of what this boot has made. */
export interface Clock {
  readonly now: number;
  readonly uptime: number;
  readonly made: string;
}

/** /proc/uptime counts in hundredths of a second, and the times of files may be a tick late. */
const INACCURACY = 50;

/** Before this no clock is right that was ever set: a machine without battery starts in 1970. */
const SET = Date.UTC(2001);

const systemClock = (): Clock => ({
  now: Date.now(),
  uptime: Number.parseFloat(readText("/proc/uptime")) * 1000,
  made: "/run",
});

/** The oldest of the files that this boot has made, as far as the clock was set then. What is mounted there is not asked. */
function oldest(directory: string): number | undefined {
  const device = lastChange(directory)?.device;
  const times = listDirectory(directory)
    .map((name) => lastChange(`${directory}/${name}`))
    .filter((change) => change !== undefined && change.device === device && change.at >= SET)
    .map((change) => change!.at);
  return times.length === 0 ? undefined : Math.min(...times);
}

/**
 * Whether a time of a file (`lastChange`) is of an earlier boot: it comes before all times that this boot has known.
 *
 * Either of two witnesses alone can be deceived, and always by a clock that was set: what the clock and the time since
 * the start say moves forward with the clock (no battery, a virtual machine that went on from a snapshot), and the oldest
 * file of this boot, in /run, was made too late for what came after a clock was set back. So both have to say it.
 * @returns a function that says no of every time when there is no such file, and of times before 2001
 * @throws SystemError
 */
export function earlierBoot({ now, uptime, made }: Clock = systemClock()): (time: number) => boolean {
  const witness = oldest(made);
  if (witness === undefined) return () => false;
  const beginning = Math.min(now - uptime, witness) - INACCURACY;
  return (time) => time >= SET && time < beginning;
}
