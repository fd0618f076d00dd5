/** Kernel settings under /proc/sys: read, and written only where they differ. */
import { SystemError } from "../../netlink/errors.ts";
import { readText, writeText } from "./files.ts";

/**
 * The file of a setting.
 * @throws SystemError with code `EINVAL` for a key that would leave /proc/sys
 */
function fileOf(key: string): string {
  const parts = key.split("/");
  if (parts.some((part) => part === "" || part === "." || part === ".."))
    throw new SystemError(
      `use the kernel setting ${JSON.stringify(key)} (such as net/ipv4/ip_forward)`,
      "EINVAL",
    );
  return `/proc/sys/${key}`;
}

/** The kernel separates several values by tabs, people by spaces. */
const normal = (value: string): string => value.trim().replaceAll("\t", " ");

/** Whether two texts are one value of a setting. */
export const sameSysctl = (left: string, right: string): boolean => normal(left) === normal(right);

/**
 * The value of a kernel setting, without the line's end. Below `net/` it is that of this thread's network namespace.
 * @param key with `/` between its parts, since interface names may hold dots: `net/ipv4/conf/eth0.5/rp_filter`
 * @throws SystemError with code `ENOENT` when this kernel has no such setting
 */
export const readSysctl = (key: string): string => readText(fileOf(key)).trim();

/**
 * Gives a kernel setting a value, whatever it has. The kernel finds a file of /proc/sys the more slowly the more network
 * namespaces have looked for theirs (0.3 ms where a thousand have), so one file less counts where a write may fail.
 * @throws SystemError as `setSysctl`
 */
export const writeSysctl = (key: string, value: string): void => writeText(fileOf(key), value);

/**
 * Gives a kernel setting a value. Nothing is written when it already has it, so that a read-only /proc/sys is no
 * obstacle then.
 * @param key as for `readSysctl`
 * @returns the value before, to be set again on undoing, and whether it was changed
 * @throws SystemError with code `EROFS` or `EACCES` where it may not be written, `EINVAL` where the kernel refuses it
 */
export function setSysctl(key: string, value: string): { previous: string; changed: boolean } {
  const previous = readSysctl(key);
  const changed = !sameSysctl(previous, value);
  if (changed) writeText(fileOf(key), value);
  return { previous, changed };
}
