/** Names that are derived from an attachment, so that a later call finds what an earlier one made, however it ended. */

/** An attachment: one container's interface in one network. */
export interface Owner {
  readonly network: string;
  readonly containerId: string;
  readonly ifname: string;
}

/** What fits an alias (IFALIASZ less one) with room to spare. */
const LONGEST = 220;

/**
 * FNV-1a of 32 bits in hexadecimal: 10 µs, where a process's first SHA-512 costs 250, and its first iterator over a typed
 * array 100.
 */
export function hashOf(text: string): string {
  const bytes = new TextEncoder().encode(text);
  let hash = 0x811c9dc5;
  for (let index = 0; index < bytes.length; index++) hash = Math.imul(hash ^ bytes[index]!, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/** A text of at most `room` characters: one that is longer is cut and ends with its hash. */
export const shortened = (text: string, room: number): string =>
  text.length > room ? `${text.slice(0, room - 9)}~${hashOf(text)}` : text;

/** The prefix of every owner's text. */
const PREFIX = "flatnet";

/** The prefix of the aliases of all owners in a network. */
const networkText = (network: string): string =>
  `${PREFIX} ${network.length > 80 ? `${network.slice(0, 60)}~${hashOf(network)}` : network} `;

/**
 * The owner in one line, `flatnet NETWORK CONTAINER IFNAME`, as it stands in the alias of links. What is too long is cut
 * and ends with a hash.
 */
export const ownerText = ({ network, containerId, ifname }: Owner): string =>
  shortened(`${networkText(network)}${containerId} ${ifname}`, LONGEST);

const bytesIn = (text: string): number => new TextEncoder().encode(text).length;

/** At most `room` bytes of a text; one that is cut ends with a hash of `whole`. */
function fitting(text: string, room: number, whole = text): string {
  if (bytesIn(text) <= room) return text;
  let cut = text.slice(0, room - 9);
  while (bytesIn(cut) > room - 9) cut = cut.slice(0, -1);
  return `${cut}~${hashOf(whole)}`;
}

/** The most bytes of a comment that nft reads (NFTNL_UDATA_COMMENT_MAXLEN), less what stands behind the owner. */
const LONGEST_COMMENT = 128 - ", by: veth01234567, elements: 99999".length;

/** A network in the comment of what belongs to all of it: the beginning of the comments of all its owners. */
export const networkComment = (network: string): string => `net: ${fitting(network, 32)}`;

/**
 * The owner in the comment of a firewall's element, `net: NETWORK, if: IFNAME, id: CONTAINER`: the words by which rules of
 * the reference plugins are found, without quotation marks, which nft could not read again.
 */
export function ownerComment({ network, containerId, ifname }: Owner): string {
  const before = `${networkComment(network)}, if: ${ifname.replaceAll('"', "")}, id: `;
  return before + fitting(containerId, LONGEST_COMMENT - bytesIn(before), `${containerId} ${ifname}`);
}

/** The texts that stand for an owner: in aliases, which comments once had too, and in comments. */
export const textsOf = (owner: Owner): readonly string[] => [ownerText(owner), ownerComment(owner)];

/** Whether such a text stands for this owner. */
export function isOwner(owner: Owner): (text: string) => boolean {
  const texts = textsOf(owner);
  return (text) => texts.includes(text);
}

/** Whether such a text stands for an owner in this network. */
export function isOfNetwork(network: string): (text: string) => boolean {
  const [alias, comment] = [networkText(network), networkComment(network)];
  return (text) => text.startsWith(`${comment}, `) || text.startsWith(alias);
}

/** Whether an alias is an owner's. */
export const isOwnerText = (text: string | undefined): boolean => text?.startsWith(`${PREFIX} `) ?? false;

/** How the names of the hosts' ends of veth pairs begin, here and in the reference plugins. */
export const HOST_LINK = "veth";

/** The name of the host's end of the owner's veth pair: `veth` and eight digits, the same for every call. */
export const hostLinkName = (owner: Owner): string =>
  `${HOST_LINK}${hashOf(`${owner.network}/${owner.containerId}/${owner.ifname}`)}`;
