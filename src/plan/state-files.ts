/**
 * Files in which a network's plugin keeps something of each attachment until it is removed: whole or not there, and what a
 * killed call left unfinished is known by its network.
 */
import { ensureDirectory, exists, listDirectory } from "../sys/directories.ts";
import { readTextIfPresent, removeFile, replaceWhole, UNFINISHED } from "../sys/files.ts";
import { hashOf } from "./owner.ts";

/** They are root's alone. */
const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

/** How the names of all of them end. */
export const SUFFIX = ".json";

/** The files of a network, in a directory that has those of other networks, too. @throws SystemError from all functions */
export class StateFiles {
  /** How the names begin of files of the network that are not whole yet. */
  private readonly unfinished: string;

  constructor(
    private readonly directory: string,
    network: string,
  ) {
    this.unfinished = `${UNFINISHED}${hashOf(network)}-`;
  }

  private path(name: string): string {
    return `${this.directory}/${name}`;
  }

  /** The text of a file, if it is there. */
  read(name: string): string | undefined {
    return readTextIfPresent(this.path(name));
  }

  write(name: string, text: string): void {
    ensureDirectory(this.directory, DIRECTORY_MODE);
    const unfinished = this.path(this.unfinished + name);
    removeFile(unfinished);
    replaceWhole(this.path(name), text, FILE_MODE, unfinished);
  }

  remove(name: string): void {
    for (const prefix of ["", this.unfinished]) removeFile(this.path(prefix + name));
  }

  private all(): string[] {
    return exists(this.directory) ? listDirectory(this.directory) : [];
  }

  /** The names of the files that are whole, of whichever network. */
  names(): string[] {
    return this.all().filter((name) => name.endsWith(SUFFIX) && !name.startsWith(UNFINISHED));
  }

  /** Removes what calls of the network left unfinished, but for the files that `keep` names. */
  tidy(keep: Iterable<string> = []): void {
    const kept = new Set(Array.from(keep, (name) => this.unfinished + name));
    for (const name of this.all())
      if (name.startsWith(this.unfinished) && !kept.has(name)) removeFile(this.path(name));
  }
}
