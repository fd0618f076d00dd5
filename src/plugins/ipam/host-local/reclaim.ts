/**
 * Leases that nobody holds any more although nobody gave them back: what the configuration lets ADD take, and its proof.
 *
 * A runtime that is killed, or a machine that loses power, sends no DEL. What is left then keeps its address for ever
 * unless somebody can show that it is dead; a doubt is enough for it to stay.
 */
import { NetlinkError } from "../../../../netlink/errors.ts";
import type { Attachment, Call } from "../../../cni/plugin.ts";
import { earlierBoot } from "../../../sys/boot.ts";
import { FILESYSTEM, filesystemType } from "../../../sys/directories.ts";
import type { HostLocal } from "./schema.ts";

/** What a lease's file says. */
export interface Lease {
  /** Who holds it; nothing when the file names no container and interface. */
  readonly holder: Attachment | undefined;
  /** The file was made and never written: its maker was killed in between, or the machine lost power. */
  readonly isEmpty: boolean;
  /** When the file was last changed, in milliseconds since 1970. */
  readonly changed: number;
}

/** Whether a lease is of nobody. */
export type IsDead = (lease: Lease) => boolean;

/** Those whose files have the times of this machine's clock. */
const LOCAL: ReadonlySet<number> = new Set([
  FILESYSTEM.tmpfs,
  FILESYSTEM.ext,
  FILESYSTEM.xfs,
  FILESYSTEM.btrfs,
  FILESYSTEM.f2fs,
  FILESYSTEM.bcachefs,
  FILESYSTEM.zfs,
  FILESYSTEM.overlay,
]);

/** An attachment ends with the machine: no network namespace outlives its kernel. */
function ofEarlierBoot(directory: string): IsDead {
  if (!LOCAL.has(filesystemType(directory))) return () => false;
  const isEarlier = earlierBoot();
  // Other texts, such as a lone word, are there to keep the address out of use.
  return ({ holder, isEmpty, changed }) => (holder !== undefined || isEmpty) && isEarlier(changed);
}

/**
 * The same function, made when it is first needed: nearly every call needs none of this. What the kernel does not tell
 * leaves a doubt, and is no reason for a call to fail.
 */
function whenNeeded(make: () => IsDead): IsDead {
  let made: IsDead | undefined;
  return (lease) => {
    try {
      made ??= make();
      return made(lease);
    } catch (error) {
      if (error instanceof NetlinkError) return false;
      throw error;
    }
  };
}

/** What `ipam.reclaim` lets a call take of the leases in `directory`. */
export function deadLeases(call: Pick<Call<HostLocal>, "config" | "open">, directory: string): IsDead {
  const { reclaim } = call.config.ipam;
  const isEarlier = whenNeeded(() => ofEarlierBoot(directory));
  const isGone = whenNeeded(() => {
    // Loaded here and at once: what it needs of netlink takes a process 0.6 ms, and hardly any call gets this far.
    const { goneIn } = require("./remembered.ts") as typeof import("./remembered.ts");
    const gone = goneIn(call);
    return ({ holder }) => holder !== undefined && gone(holder);
  });
  if (reclaim === "none") return () => false;
  return reclaim === "boot" ? isEarlier : (lease) => isEarlier(lease) || isGone(lease);
}
