/** The leases' files, by which they outlive the daemon: one a lease, whole or not there, in a directory beside the socket. */
import { SystemError } from "../../netlink/errors.ts";
import { checked } from "../cni/config/check.ts";
import { explain } from "../cni/explain.ts";
import { parseJson } from "../cni/json.ts";
import { ensureDirectory, exists, listDirectory } from "../sys/directories.ts";
import { readText, readTextIfPresent, removeFile, replaceWhole, UNFINISHED } from "../sys/files.ts";
import { fileName } from "./owner.ts";
import { leaseDirectory } from "./places.ts";
import { shapeOfStored } from "./schema.ts" with { type: "macro" };
import type { Owner, Stored } from "./schema.ts";

const FORMAT = 1;
const ROOT_ONLY = 0o700;
const READABLE_BY_ROOT = 0o600;

/** What this start of the machine is called: moments of another one mean nothing. */
export const thisBoot = (): string => readText("/proc/sys/kernel/random/boot_id").trim();

/** The part of a lease's file that says what kind of file it is. */
export const storedHere = () => ({ flatnetDhcp: FORMAT, boot: thisBoot() });

/** The lease in a file's text; nothing when it is of another boot. @throws CniError, ConfigError when it cannot be read */
function read(text: string, path: string): Stored | undefined {
  const { config } = checked(shapeOfStored(), parseJson(text, path));
  return config.flatnetDhcp === FORMAT && config.boot === thisBoot() ? config : undefined;
}

export class Store {
  readonly directory: string;

  /** @param socket where the daemon listens */
  constructor(
    socket: string,
    private readonly log: (line: string) => void,
  ) {
    this.directory = leaseDirectory(socket);
  }

  private path(owner: Owner): string {
    return `${this.directory}/${fileName(owner)}`;
  }

  /** @throws SystemError */
  makeDirectory(): void {
    ensureDirectory(this.directory, ROOT_ONLY);
  }

  /** @throws SystemError */
  write(stored: Stored): void {
    replaceWhole(this.path(stored.owner), JSON.stringify(stored), READABLE_BY_ROOT);
  }

  /** @throws SystemError */
  remove(owner: Owner): void {
    removeFile(this.path(owner));
  }

  has(owner: Owner): boolean {
    return exists(this.path(owner));
  }

  /** The owner's lease. One that cannot be read is none. @throws SystemError */
  find(owner: Owner): Stored | undefined {
    return this.load(fileName(owner));
  }

  private load(name: string): Stored | undefined {
    const path = `${this.directory}/${name}`;
    const text = readTextIfPresent(path);
    try {
      return text === undefined ? undefined : read(text, path);
    } catch (error) {
      this.log(`passing over ${path}: ${explain(error).message}`);
      return undefined;
    }
  }

  /** All leases that can be read. A file that is none, or of another boot, is removed: it can only be in the way. */
  *all(): Generator<Stored> {
    for (const name of this.names()) {
      const stored = name.startsWith(UNFINISHED) ? undefined : this.load(name);
      if (stored !== undefined && fileName(stored.owner) === name) yield stored;
      else removeFile(`${this.directory}/${name}`);
    }
  }

  private names(): string[] {
    try {
      return listDirectory(this.directory);
    } catch (error) {
      if (error instanceof SystemError && error.code === "ENOENT") return [];
      throw error;
    }
  }
}
