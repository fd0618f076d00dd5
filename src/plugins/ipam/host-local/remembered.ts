/** What the runtime's library (libcni) remembers of an attachment, and whether any of it is still there. */
import { type Link, listLinks } from "../../../../netlink/route/links.ts";
import { JsonObject, parseJson } from "../../../cni/json.ts";
import { isContainerId, isInterfaceName } from "../../../cni/names.ts";
import type { Attachment, Call } from "../../../cni/plugin.ts";
import { type Interface, parseResult } from "../../../cni/result.ts";
import { ownerText } from "../../../plan/owner.ts";
import { Side } from "../../../plan/side.ts";
import { FILESYSTEM, fileIdentity, filesystemType } from "../../../sys/directories.ts";
import { readTextIfPresent } from "../../../sys/files.ts";

/** Where libcni keeps the results of ADD until DEL; Podman, containerd, CRI-O and Nomad leave it at that. */
const RESULTS = "/var/lib/cni/results";

/** An attachment as its ADD left it. */
interface Remembered {
  readonly netns: string;
  /** The host's ends of its veth pairs. */
  readonly hostLinks: readonly Interface[];
}

/** Every plugin that makes a pair gives the host's end such a name, and no other link. */
const isHostLink = ({ name, sandbox }: Interface): boolean => !sandbox && name.startsWith("veth");

function readRemembered(text: string, network: string, { containerID, ifname }: Attachment): Remembered {
  const record = new JsonObject(parseJson(text, "a remembered result"), "");
  const isIts =
    record.text("networkName") === network &&
    record.text("containerId") === containerID &&
    record.text("ifName") === ifname;
  const { interfaces } = parseResult(record.value("result") ?? null, "");
  // The record itself has the path, too, but not that of every libcni.
  const own = interfaces.find(({ name, sandbox }) => isIts && name === ifname && sandbox);
  return { netns: own?.sandbox ?? "", hostLinks: interfaces.filter(isHostLink) };
}

/** What is remembered of an attachment; nothing when there is no record, or one that cannot be read. */
function remembered(network: string, attachment: Attachment): Remembered | undefined {
  const { containerID, ifname } = attachment;
  if (!isContainerId(containerID) || !isInterfaceName(ifname)) return undefined;
  try {
    const text = readTextIfPresent(`${RESULTS}/${network}-${containerID}-${ifname}`);
    return text === undefined ? undefined : readRemembered(text, network, attachment);
  } catch {
    return undefined;
  }
}

/** Whether there is a network namespace at a path; a file over which one was mounted may have stayed. */
function isNamespace(path: string): boolean {
  if (fileIdentity(path) === undefined) return false;
  const type = filesystemType(path);
  return type === FILESYSTEM.nsfs || type === FILESYSTEM.proc;
}

/** The names, aliases and link-layer addresses by which a link of this host can be known. */
function signsOf(link: Link): string[] {
  const names = [link.ifname, ...(link.propList?.altIfname ?? []), link.ifalias, link.address];
  return names.filter((name) => name !== undefined);
}

/**
 * Whether attachments of a network are gone for certain: the runtime's record of the ADD names a namespace that is not
 * there any more, and a host's end of a veth pair, of which there is no trace either. Without a record nothing is certain:
 * the ADD may still be under way, or the interface be one that has no end on the host.
 */
export function goneIn({ config, open }: Pick<Call, "config" | "open">): (attachment: Attachment) => boolean {
  let known: Set<string> | undefined;
  const signs = (): Set<string> => {
    if (known !== undefined) return known;
    using host = new Side("host", undefined, open);
    known = new Set(host.route.list(listLinks({ extMask: ["skipStats"] })).flatMap(signsOf));
    return known;
  };
  return (attachment) => {
    const { netns = "", hostLinks = [] } = remembered(config.name, attachment) ?? {};
    if (netns === "" || hostLinks.length === 0 || isNamespace(netns)) return false;
    const { containerID, ifname } = attachment;
    const owner = ownerText({ network: config.name, containerId: containerID, ifname });
    const traces = [owner, ...hostLinks.flatMap(({ name, mac }) => [name, ...(mac ? [mac] : [])])];
    return traces.every((trace) => !signs().has(trace));
  };
}
