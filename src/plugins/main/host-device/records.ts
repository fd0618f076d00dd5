/**
 * What devices were like on the host before containers got them: a file for each attachment, for as long as its device
 * is away. The alias of the device has its name, too; the file has the rest, and is there when the alias is lost.
 *
 *     <dataDir>/<container id>_<interface>.json     {"network": "…", "netns": "…", "device": {"name": "…", …}}
 */
import { JsonObject, parseJson, printJson, readText } from "../../../cni/json.ts";
import { type Owner, shortened } from "../../../plan/owner.ts";
import { StateFiles, SUFFIX } from "../../../plan/state-files.ts";
import { type Device, readDevice } from "./device.ts";

/** A device that is away. */
export interface Lent {
  readonly owner: Owner;
  /** `CNI_NETNS` of its ADD. */
  readonly netns: string;
  readonly device: Device;
}

/** Characters of a file's name, of which file systems take 255 with what is put in front of an unfinished one's. */
const LONGEST = 180;

const fileName = ({ containerId, ifname }: Owner): string =>
  shortened(`${containerId}_${ifname}`, LONGEST) + SUFFIX;

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
  private readonly files: StateFiles;

  constructor(directory: string, network: string) {
    this.files = new StateFiles(directory, network);
  }

  private at(name: string): Lent | undefined {
    const text = this.files.read(name);
    return text === undefined ? undefined : parsed(text);
  }

  /** The device of an attachment. @throws SystemError */
  read(owner: Owner): Lent | undefined {
    return this.at(fileName(owner));
  }

  /** @throws SystemError */
  keep({ owner, netns, device }: Lent): void {
    this.files.write(fileName(owner), printJson({ ...owner, netns, device }, 1));
  }

  /** @throws SystemError */
  remove(owner: Owner): void {
    this.files.remove(fileName(owner));
  }

  /** Removes what killed calls of the network left unfinished; none is at work meanwhile. @throws SystemError */
  tidy(): void {
    this.files.tidy();
  }

  /** All devices that are away, of whichever network. */
  all(): Lent[] {
    return this.files.names().flatMap((name) => this.at(name) ?? []);
  }
}
