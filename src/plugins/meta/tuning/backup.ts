/**
 * What an interface was like before it was tuned: a file for each attachment, in the format of the Go plugin, so that
 * either can restore what the other changed.
 *
 *     <dataDir>/<container id>_<interface>.json     {"mac": "…", "promisc": false, "mtu": 1500, …}
 */
import { JsonObject, parseJson, printJson } from "../../../cni/json.ts";
import type { Attachment } from "../../../cni/plugin.ts";
import { hashOf } from "../../../plan/owner.ts";
import { ensureDirectory, exists, listDirectory } from "../../../sys/directories.ts";
import { readTextIfPresent, removeFile, replaceWhole, UNFINISHED } from "../../../sys/files.ts";

/** Attributes of an interface; only what was changed is there. */
export interface Attributes {
  readonly mac?: string | undefined;
  readonly promisc?: boolean | undefined;
  /** Bytes. */
  readonly mtu?: number | undefined;
  readonly allmulti?: boolean | undefined;
  /** Packets. */
  readonly txQLen?: number | undefined;
}

/** The Go plugin makes the directory with 0600, which only root can use; so it stays root's alone here. */
const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

/** The network's name, by which GC knows whose file it is. The Go plugin passes it over, and writes none. */
const NETWORK = "network";

const fileName = ({ containerID, ifname }: Attachment): string => `${containerID}_${ifname}.json`;

/** How the names begin of files of a network that a killed call left unfinished. */
const unfinishedOf = (network: string): string => `${UNFINISHED}${hashOf(network)}-`;

const flag = (object: JsonObject, key: string): boolean | undefined => {
  const value = object.value(key);
  return typeof value === "boolean" ? value : undefined;
};

/** Nothing for a file that is torn or of something else: what it would restore is lost then. */
function parsed(text: string): { attributes: Attributes; network: string | undefined } | undefined {
  try {
    const object = new JsonObject(parseJson(text, "backup"), "");
    const attributes = {
      mac: object.text("mac"),
      promisc: flag(object, "promisc"),
      mtu: object.integer("mtu"),
      allmulti: flag(object, "allmulti"),
      txQLen: object.integer("txQLen"),
    };
    return { attributes, network: object.text(NETWORK) };
  } catch {
    return undefined;
  }
}

/** The backups of a network. */
export class Backups {
  constructor(
    private readonly directory: string,
    private readonly network: string,
  ) {}

  private path(name: string): string {
    return `${this.directory}/${name}`;
  }

  /** What was kept of the attachment's interface. @throws SystemError */
  read(attachment: Attachment): Attributes | undefined {
    const text = readTextIfPresent(this.path(fileName(attachment)));
    return text === undefined ? undefined : parsed(text)?.attributes;
  }

  /** Keeps attributes. Of those that were kept before, the older value stays: it is from before the tuning. */
  keep(attachment: Attachment, attributes: Attributes): void {
    ensureDirectory(this.directory, DIRECTORY_MODE);
    const kept = { ...attributes, ...definite(this.read(attachment)), [NETWORK]: this.network };
    const unfinished = this.path(unfinishedOf(this.network) + fileName(attachment));
    removeFile(unfinished);
    replaceWhole(this.path(fileName(attachment)), printJson(kept, 1), FILE_MODE, unfinished);
  }

  /** @throws SystemError */
  remove(attachment: Attachment): void {
    for (const prefix of ["", unfinishedOf(this.network)])
      removeFile(this.path(prefix + fileName(attachment)));
  }

  /** Removes the network's files but for those of valid attachments. @throws SystemError */
  collect(valid: readonly Attachment[]): void {
    if (!exists(this.directory)) return;
    const unfinished = unfinishedOf(this.network);
    const keep = new Set(valid.flatMap((each) => [fileName(each), unfinished + fileName(each)]));
    for (const name of listDirectory(this.directory)) {
      if (keep.has(name) || !(name.startsWith(unfinished) || this.isOwn(name))) continue;
      removeFile(this.path(name));
    }
  }

  private isOwn(name: string): boolean {
    const text = name.endsWith(".json") ? readTextIfPresent(this.path(name)) : undefined;
    return text !== undefined && parsed(text)?.network === this.network;
  }
}

const definite = (attributes: Attributes = {}): Attributes =>
  Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
