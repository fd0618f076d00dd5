/**
 * One network's leases on disk, in the layout that the CNI project's host-local uses, so that either program goes on
 * with what the other left, and both can run at once.
 *
 *     <dataDir>/<network>/10.1.0.5             who holds the address: container id, CR LF, interface name
 *     <dataDir>/<network>/last_reserved_ip.0   the address that range set 0 gave out last
 *     <dataDir>/<network>/lock                 locked while anything here is read or changed
 *
 * A kill leaves it consistent at every point: a lease appears with its whole text or not at all, and before
 * `last_reserved_ip` names it, without which only the search for a free address starts at an older place.
 */
import { isAddress } from "../../../../netlink/wire/address.ts";
import { CniError, codes } from "../../../cni/error.ts";
import { checkNetworkName } from "../../../cni/names.ts";
import type { Attachment } from "../../../cni/plugin.ts";
import { attachmentText } from "../../../plan/ipam.ts";
import { ensureDirectory, exists, fileIdentity, lastChange } from "../../../sys/directories.ts";
import { createExclusive, overwrite, readTextIfPresent, removeFile, UNFINISHED } from "../../../sys/files.ts";
import { withLock } from "../../../sys/locks.ts";
import { type SmallFile, SmallFiles } from "../../../sys/scan.ts";
import type { IsDead } from "./reclaim.ts";

/** Leases are of interest to nobody but root. */
const FILE_MODE = 0o600;
const LOCK_MODE = 0o750;
const DIRECTORY_MODE = 0o755;

/** Bytes of a file's name: NAME_MAX of linux/limits.h. */
const LONGEST_NAME = 255;

/**
 * The directory of a network's leases.
 * @throws CniError with code 7 when the network's name could lead out of `dataDir`, or is no name for a directory
 */
export function leaseDirectory(dataDir: string, network: string): string {
  checkNetworkName(network);
  if (network.length <= LONGEST_NAME) return `${dataDir}/${network}`;
  throw new CniError({
    code: codes.invalidConfig,
    operation: "read the network's name",
    cause: `it has ${network.length} characters, and the directory of its leases may have ${LONGEST_NAME}`,
    hint: "choose a shorter one",
    details: network,
  });
}

/** The text of an attachment's leases. */
const leaseText = ({ containerID, ifname }: Attachment): string => `${containerID}\r\n${ifname}`;

/** Who holds a lease with this text, by container and interface, or by the container alone as very old versions wrote it. */
function holderIn(text: string): { containerID: string; ifname: string | undefined } | undefined {
  const [containerID, ifname] = text.trim().split("\r\n");
  return containerID && !isEmpty(text) ? { containerID, ifname } : undefined;
}

/** Nothing was written, or what was written did not reach the disk before the power went. */
const isEmpty = (text: string): boolean => /^[\0\s]*$/.test(text);

/** Who holds a lease with this text, in words. */
function holderText(text: string): string {
  const holder = holderIn(text);
  if (holder === undefined) return "nobody that its file names";
  const { containerID, ifname } = holder;
  return ifname === undefined ? `container ${containerID}` : attachmentText({ containerID, ifname });
}

/** The leases of a network. What `locked` gives may change them. */
export class Store {
  private files: SmallFiles | undefined;

  /** @param isDead which leases may be taken from their holders */
  constructor(
    private readonly directory: string,
    private readonly isDead: IsDead = () => false,
  ) {}

  /**
   * Runs `use` on the leases in `directory`, which it makes where it is missing, while nobody else uses them.
   * @param isDead as of the constructor
   * @throws SystemError when directory or lock cannot be made, or the lock is not to be had; what `use` throws
   */
  static locked<T>(directory: string, use: (store: Store) => T, isDead?: IsDead): T {
    ensureDirectory(directory, DIRECTORY_MODE);
    return withLock(`${directory}/lock`, LOCK_MODE, () => use(new Store(directory, isDead)));
  }

  /** As `locked`, but does nothing where there is no directory: then there are no leases. */
  static ifThere(directory: string, use: (store: Store) => void, isDead?: IsDead): void {
    if (fileIdentity(directory) !== undefined) Store.locked(directory, use, isDead);
  }

  private path(name: string): string {
    return `${this.directory}/${name}`;
  }

  /** All files as they were at first need: under the lock only this object changes them. */
  private all(): SmallFiles {
    this.files ??= new SmallFiles(this.directory);
    return this.files;
  }

  /** The files of an attachment; where it has none, those of very old versions, which say the container only. */
  private filesOf(attachment: Attachment): string[] {
    const files = this.all().saying(leaseText(attachment));
    return files.length > 0 ? files : this.all().saying(attachment.containerID).filter(isAddress);
  }

  /** Whether nobody holds an address. */
  isFree(address: string): boolean {
    return !exists(this.path(address));
  }

  /** The addresses that an attachment holds. */
  heldBy(attachment: Attachment): string[] {
    return this.filesOf(attachment).filter(isAddress);
  }

  /** Who holds an address, in words. */
  holderOf(address: string): string {
    return holderText(readTextIfPresent(this.path(address)) ?? "");
  }

  /** Whether the lease of an address, whose file says `text`, is provably of nobody. */
  private isOfNobody(address: string, text: string): boolean {
    const changed = lastChange(this.path(address))?.at;
    const { containerID = "", ifname } = holderIn(text) ?? {};
    const holder = ifname === undefined ? undefined : { containerID, ifname };
    return changed !== undefined && this.isDead({ holder, isEmpty: isEmpty(text), changed });
  }

  /** The files of the addresses that `wanted` picks. */
  private filesOfAddresses(wanted: (address: string) => boolean): SmallFile[] {
    if (fileIdentity(this.directory) === undefined) return [];
    return [...this.all().except([])].filter(({ name }) => isAddress(name) && wanted(name));
  }

  /** The addresses of those that `wanted` picks whose leases are provably of nobody. */
  dead(wanted: (address: string) => boolean): string[] {
    const files = this.filesOfAddresses(wanted).filter(({ name, text }) => this.isOfNobody(name, text));
    return files.map(({ name }) => name);
  }

  /** How many of the addresses that `wanted` picks have a file that names a container and an interface. */
  countHeld(wanted: (address: string) => boolean): number {
    return this.filesOfAddresses(wanted).filter(({ text }) => text.includes("\r\n")).length;
  }

  /** Frees an address when its lease is provably of nobody. @returns whether it was @throws SystemError */
  reclaim(address: string): boolean {
    const text = readTextIfPresent(this.path(address));
    return text !== undefined && this.isOfNobody(address, text) && removeFile(this.path(address));
  }

  /** Leases `address` to an attachment. @returns false when somebody holds it already @throws SystemError */
  reserve(address: string, attachment: Attachment): boolean {
    return createExclusive(this.path(address), leaseText(attachment), FILE_MODE);
  }

  /** Frees one address. @throws SystemError */
  free(address: string): void {
    removeFile(this.path(address));
  }

  /** Frees everything that an attachment holds, and removes what killed processes left unfinished. @throws SystemError */
  release(attachment: Attachment): void {
    for (const name of [...this.filesOf(attachment), ...this.all().beginning(UNFINISHED)]) this.free(name);
  }

  /**
   * Frees what none of the attachments holds, and removes what killed processes left unfinished. Files that do not name
   * container and interface stay, but for provably dead ones: somebody may keep these addresses out of use.
   */
  keepOnly(valid: readonly Attachment[]): void {
    for (const { name, text } of this.all().except(valid.map(leaseText))) {
      const abandoned = isAddress(name) && (text.includes("\r\n") || this.isOfNobody(name, text));
      if (abandoned || name.startsWith(UNFINISHED)) this.free(name);
    }
  }

  /** What a range set gave out last; not necessarily an address, if somebody wrote into the file. */
  last(set: number): string | undefined {
    return readTextIfPresent(this.path(`last_reserved_ip.${set}`))?.trim();
  }

  /** Notes what a range set gave out last. @throws SystemError */
  noteLast(set: number, address: string): void {
    overwrite(this.path(`last_reserved_ip.${set}`), address, FILE_MODE);
  }
}
