/** What this process has open: where its descriptors lead. */
import { readdirSync, readlinkSync } from "node:fs";

/** Where a link leads; nothing when it has gone since it was listed. */
function linkTarget(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

/** A path or the kind of thing for each descriptor: `/dev/null`, `net:[4026531840]`, `socket:[1234]`. */
export const openTargets = (): string[] =>
  readdirSync("/proc/self/fd").map((fd) => linkTarget(`/proc/self/fd/${fd}`));
