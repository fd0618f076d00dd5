/** Names that are derived from an attachment, so that a later call finds what an earlier one made, however it ended. */

/** An attachment: one container's interface in one network. */
export interface Owner {
  readonly network: string;
  readonly containerId: string;
  readonly ifname: string;
}

/** IFALIASZ - 1 and what fits a comment of nf_tables (NFT_USERDATA_MAXLEN less its header) with room for a suffix. */
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

/** The prefix of every owner's text. */
const PREFIX = "flatnet";

/** The prefix of the texts of all owners in a network. */
export const networkText = (network: string): string =>
  `${PREFIX} ${network.length > 80 ? `${network.slice(0, 60)}~${hashOf(network)}` : network} `;

/**
 * The owner in one line, `flatnet NETWORK CONTAINER IFNAME`, as it stands in the alias of links and the comments of
 * elements. What is too long for these is cut and ends with a hash.
 */
export function ownerText({ network, containerId, ifname }: Owner): string {
  const text = `${networkText(network)}${containerId} ${ifname}`;
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 9)}~${hashOf(text)}` : text;
}

/** Whether an alias or a comment is an owner's. */
export const isOwnerText = (text: string | undefined): boolean => text?.startsWith(`${PREFIX} `) ?? false;

/** How the names of the hosts' ends of veth pairs begin, here and in the reference plugins. */
export const HOST_LINK = "veth";

/** The name of the host's end of the owner's veth pair: `veth` and eight digits, the same for every call. */
export const hostLinkName = (owner: Owner): string =>
  `${HOST_LINK}${hashOf(`${owner.network}/${owner.containerId}/${owner.ifname}`)}`;
