/** What can be done with the addresses of a network: allocate, release, check, collect, and say how it stands. */
import { CniError, codes } from "../../../cni/error.ts";
import type { Attachment } from "../../../cni/plugin.ts";
import type { IpConfig } from "../../../cni/result.ts";
import { attachmentText } from "../../../plan/ipam.ts";
import { allOrNothing } from "../../../plan/resource.ts";
import { fileIdentity, isWritableDirectory } from "../../../sys/directories.ts";
import { type Address, addressText } from "./address.ts";
import { type Allocated, hasFree, MAKE_ROOM, reserveOne, usedUp } from "./allocator.ts";
import { type RangeSet, setText } from "./ranges.ts";
import type { IsDead } from "./reclaim.ts";
import { Store } from "./store.ts";

const ipConfig = ({ address, range }: Allocated): IpConfig => ({
  address: `${addressText(address)}/${range.prefix}`,
  gateway: addressText(range.gateway),
});

/**
 * Leases an address of each range set to an attachment, or none at all.
 * @param directory the network's (`leaseDirectory`)
 * @param requested addresses that must be among them, at most one of each set
 * @param isDead which leases may be taken from their holders
 * @throws CniError with code 999, SystemError
 */
export function allocate(
  directory: string,
  sets: readonly RangeSet[],
  attachment: Attachment,
  requested: readonly Address[],
  isDead?: IsDead,
): IpConfig[] {
  const reserveAll = (store: Store) =>
    allOrNothing((made) => {
      const wanted = [...requested];
      const ips = sets.map((set, number) => {
        const allocated = reserveOne(store, { set, number }, wanted, attachment);
        const text = addressText(allocated.address);
        made.remember(() => store.free(text));
        store.noteLast(number, text);
        return ipConfig(allocated);
      });
      if (wanted.length > 0) throw unplaced(wanted, sets);
      return ips;
    });
  return Store.locked(directory, reserveAll, isDead);
}

function unplaced(addresses: readonly Address[], sets: readonly RangeSet[]): CniError {
  return new CniError({
    code: codes.failed,
    operation: "allocate the requested",
    subject: addresses.map(addressText).join(", "),
    cause: "no range set has room for it",
    hint: `each of these gives one address: ${sets.map(setText).join("; ")}`,
  });
}

/** Frees what an attachment holds; that it holds nothing is fine. @throws SystemError */
export function release(directory: string, attachment: Attachment): void {
  Store.ifThere(directory, (store) => store.release(attachment));
}

/**
 * @param given what the attachment's ADD gave it, as far as that is known
 * @throws CniError with code 999 when the attachment holds no address of the network, or not all that it was given
 */
export function check(directory: string, attachment: Attachment, given: readonly string[]): void {
  let held: readonly string[] = [];
  Store.ifThere(directory, (store) => {
    held = store.heldBy(attachment);
  });
  const lost = given.filter((address) => !held.includes(address));
  if (held.length > 0 && lost.length === 0) return;
  const what = lost.length === 0 ? "lease of it" : `lease of it for ${lost.join(", ")}`;
  throw new CniError({
    code: codes.failed,
    operation: "check the addresses of",
    subject: attachmentText(attachment),
    cause: `there is no ${what} in ${directory}`,
    hint: "DEL and ADD make it anew",
  });
}

/** Frees what no valid attachment holds. @param isDead which empty files are no wish of somebody @throws SystemError */
export function collect(directory: string, valid: readonly Attachment[], isDead?: IsDead): void {
  Store.ifThere(directory, (store) => store.keepOnly(valid), isDead);
}

/** The directory itself or the nearest above it that exists. */
function nearestExisting(directory: string): string {
  if (fileIdentity(directory) !== undefined) return directory;
  return nearestExisting(directory.slice(0, directory.lastIndexOf("/")) || "/");
}

const notAvailable = (operation: string, subject: string, cause: string, hint: string): CniError =>
  new CniError({ code: codes.notAvailable, operation, subject, cause, hint });

/**
 * @param isDead which leases an ADD would take from their holders
 * @throws CniError with code 50 when no lease can be written, or a set has no address for an ADD
 */
export function status(directory: string, sets: readonly RangeSet[], isDead?: IsDead): void {
  if (!isWritableDirectory(nearestExisting(directory)))
    throw notAvailable(
      "write leases to",
      directory,
      "files cannot be made there",
      "make it a directory on a file system that is writable, or set ipam.dataDir to another",
    );
  const store = new Store(directory, isDead);
  const full = sets.findIndex((set) => !hasFree(store, set));
  if (full !== -1)
    throw notAvailable(
      "allocate an address of",
      `range set ${full} (${setText(sets[full]!)})`,
      usedUp(store, sets[full]!),
      MAKE_ROOM,
    );
}
