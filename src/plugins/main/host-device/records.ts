/**
 * What devices were like on the host before containers got them: a file for each attachment, for as long as its device
 * is away. The alias of the device has its name, too; the file has the rest, and is there when the alias is lost.
 *
 *     <dataDir>/<container id>_<interface>.json     {"network": "…", "netns": "…", "device": {"name": "…", …}}
 */
import { JsonObject, parseJson, printJson, readText } from "../../../cni/json.ts";
import { hashOf, type Owner } from "../../../plan/owner.ts";
import { ensureDirectory, exists, listDirectory } from "../../../sys/directories.ts";
import { readTextIfPresent, removeFile, replaceWhole, UNFINISHED } from "../../../sys/files.ts";
import { type Device, readDevice } from "./device.ts";

/** A device that is away. */
export interface Lent {
  readonly owner: Owner;
  /** `CNI_NETNS` of its ADD. */
  readonly netns: string;
  readonly device: Device;
}

const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;
const SUFFIX = ".json";

/** Characters of a file's name, of which file systems take 255 with what is put in front of an unfinished one's. */
const LONGEST = 180;

/** What is too long is cut and ends with a hash. */
function fileName({ containerId, ifname }: Owner): string {
  const name = `${containerId}_${ifname}`;
  return (name.length > LONGEST ? `${name.slice(0, LONGEST - 9)}~${hashOf(name)}` : name) + SUFFIX;
}

/** Nothing for a file that is torn, or of something else. */
function parsed(text: string): Lent | undefined {
  try {
    const object = new JsonObject(parseJson(text, "record"), "");
    return {
      owner: {
        network: object.required("network", readText),
        containerId: object.required("containerId", readText),
        ifname: object.required("ifname", readText),
      },
      netns: object.required("netns", readText),
      device: object.required("device", readDevice),
    };
  } catch {
    return undefined;
  }
}

/** The records of a network. */
export class Records {
  /** How the names begin of files that a killed call left unfinished. */
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

  private at(name: string): Lent | undefined {
    const text = readTextIfPresent(this.path(name));
    return text === undefined ? undefined : parsed(text);
  }

  /** The device of an attachment. @throws SystemError */
  read(owner: Owner): Lent | undefined {
    return this.at(fileName(owner));
  }

  /** @throws SystemError */
  keep({ owner, netns, device }: Lent): void {
    ensureDirectory(this.directory, DIRECTORY_MODE);
    const name = fileName(owner);
    const unfinished = this.path(this.unfinished + name);
    removeFile(unfinished);
    replaceWhole(this.path(name), printJson({ ...owner, netns, device }, 1), FILE_MODE, unfinished);
  }

  /** @throws SystemError */
  remove(owner: Owner): void {
    for (const prefix of ["", this.unfinished]) removeFile(this.path(prefix + fileName(owner)));
  }

  /** Removes what killed calls of the network left unfinished; none is at work meanwhile. @throws SystemError */
  tidy(): void {
    for (const name of this.names()) if (name.startsWith(this.unfinished)) removeFile(this.path(name));
  }

  private names(): string[] {
    return exists(this.directory) ? listDirectory(this.directory) : [];
  }

  /** All devices that are away, of whichever network. */
  all(): Lent[] {
    const names = this.names().filter((name) => name.endsWith(SUFFIX) && !name.startsWith(UNFINISHED));
    return names.flatMap((name) => this.at(name) ?? []);
  }
}
