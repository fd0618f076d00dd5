/** The names that the Go plugins derive from an attachment: heads of SHA-512 over texts that are simply joined. */
import { sha512 } from "../../sys/hash.ts";
import type { Owner } from "../owner.ts";

const head = (text: string, length: number): string => sha512(text).slice(0, length);

/** The interface is in none of the names of iptables' chains: two attachments of a container to a network share them. */
type Container = Pick<Owner, "network" | "containerId">;

const ofContainer = (prefix: string, { network, containerId }: Container): string =>
  prefix + head(network + containerId, 28 - prefix.length);

/** The chain of iptables that masquerades. */
export const masqueradeChain = (container: Container): string => ofContainer("CNI-", container);
/** The chain of iptables for published ports. */
export const portChain = (container: Container): string => ofContainer("CNI-DN-", container);
/** What old releases had for published ports, too. */
export const oldPortChain = (container: Container): string => ofContainer("CNI-SN-", container);

/** How the comments of masquerading rules of nft begin for a network. */
export const networkMark = (network: string): string => `${head(network, 16)}-`;
/** How they begin for an attachment. */
export const masqueradeMark = ({ network, containerId, ifname }: Owner): string =>
  networkMark(network) + head(`${ifname}:${containerId}`, 16);

/** The chains that check link-layer addresses, one of which leads to the other. */
export function spoofChains({ containerId, ifname }: Owner): string[] {
  const chain = `cni-br-iface-${containerId}-${ifname}`;
  return [chain, `${chain}-mac`];
}

/** A text as Go quotes it (strconv.Quote), as far as names and ids need it. */
export const quoted = (text: string): string => JSON.stringify(text);
