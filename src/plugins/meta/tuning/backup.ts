/**
 * What an interface was like before it was tuned: a file for each attachment, in the format of the Go plugin, so that
 * either can restore what the other changed.
 *
 *     <dataDir>/<container id>_<interface>.json     {"mac": "…", "promisc": false, "mtu": 1500, …}
 */
import { JsonObject, parseJson, printJson } from "../../../cni/json.ts";
import type { Attachment } from "../../../cni/plugin.ts";
import { StateFiles, SUFFIX } from "../../../plan/state-files.ts";

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

/** The network's name, by which GC knows whose file it is. The Go plugin passes it over, and writes none. */
const NETWORK = "network";

const fileName = ({ containerID, ifname }: Attachment): string => `${containerID}_${ifname}${SUFFIX}`;

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
  private readonly files: StateFiles;

  constructor(
    directory: string,
    private readonly network: string,
  ) {
    this.files = new StateFiles(directory, network);
  }

  private at(name: string) {
    const text = this.files.read(name);
    return text === undefined ? undefined : parsed(text);
  }

  /** What was kept of the attachment's interface. @throws SystemError */
  read(attachment: Attachment): Attributes | undefined {
    return this.at(fileName(attachment))?.attributes;
  }

  /** Keeps attributes. Of those that were kept before, the older value stays: it is from before the tuning. */
  keep(attachment: Attachment, attributes: Attributes): void {
    const kept = { ...attributes, ...definite(this.read(attachment)), [NETWORK]: this.network };
    this.files.write(fileName(attachment), printJson(kept, 1));
  }

  /** @throws SystemError */
  remove(attachment: Attachment): void {
    this.files.remove(fileName(attachment));
  }

  /** Removes the network's files but for those of valid attachments. @throws SystemError */
  collect(valid: readonly Attachment[]): void {
    const keep = new Set(valid.map(fileName));
    for (const name of this.files.names())
      if (!keep.has(name) && this.at(name)?.network === this.network) this.files.remove(name);
    this.files.tidy(keep);
  }
}

const definite = (attributes: Attributes = {}): Attributes =>
  Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
