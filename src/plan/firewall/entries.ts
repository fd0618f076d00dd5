/** The elements that an attachment has in the sets of the firewall. */
import { type Datatype, dataOf, type inetProto } from "../../../netlink/netfilter/datatype.ts";
import type { Element, ElementListInput } from "../../../netlink/netfilter/elements.ts";
import { networkRange } from "../../../netlink/netfilter/interval.ts";
import { familyOf } from "../../../netlink/wire/address.ts";
import { withoutPrefix } from "../../../netlink/wire/cidr.ts";
import { hostLinkName, type Owner, ownerText } from "../owner.ts";
import { type PublishedPort, portText } from "./ports.ts";
import { type SetName, setNames, sets, TABLE } from "./sets.ts";

/** What the firewall knows of an attachment. */
export interface Attached {
  readonly owner: Owner;
  /** The host's link that leads to the container: the bridge, or the host's end of the pair. */
  readonly device: string;
  /** The network's other containers are behind other devices. */
  readonly routed: boolean;
  /** The container's addresses with their prefix lengths. */
  readonly addresses: readonly string[];
  readonly masquerade: boolean;
  readonly ports: readonly PublishedPort[];
}

/** One element, and how to speak of it. */
export interface Entry {
  readonly set: SetName;
  readonly key: { readonly value: Uint8Array };
  /** The last of the keys that it stands for, where these are several. */
  readonly keyEnd?: { readonly value: Uint8Array };
  readonly data?: { readonly value: Uint8Array };
  /** Whose it is, for `nft list` and for later calls: the owner, the host's link, the number of published ports. */
  readonly comment: string;
  /** For messages: `port 0.0.0.0:8080/tcp`. */
  readonly subject: string;
}

/** A value of a type that is known by its set only. */
const encoded = (type: unknown, value: unknown) => dataOf(type as Datatype<unknown>, value);

/** The comment of an owner's elements. */
const commentOf = (owner: Owner, suffix = ""): string =>
  `${ownerText(owner)} ${hostLinkName(owner)}${suffix}`;

/** What a comment says; undefined when the element is none of ours. */
export function readComment(comment: string | undefined) {
  const found = /^(flatnet .*) (veth[0-9a-f]{8})(?: ports=(\d+))?$/.exec(comment ?? "");
  return found ? { owner: found[1]!, link: found[2]!, ports: Number(found[3] ?? 0) } : undefined;
}

function portEntry(owner: Owner, port: PublishedPort): Entry {
  const { protocol, hostAddress, hostPort, containerAddress, containerPort } = port;
  const family = familyOf(containerAddress);
  const set: SetName = `${hostAddress === undefined ? "anyports" : "hostports"}${family}`;
  const place = [protocol satisfies Parameters<typeof inetProto.show>[0], hostPort];
  return {
    set,
    key: encoded(sets[set].key, hostAddress === undefined ? place : [hostAddress, ...place]),
    data: encoded(sets[set].data, [containerAddress, containerPort]),
    comment: commentOf(owner),
    subject: `port ${portText(port)}`,
  };
}

/** An address that is masqueraded, but not on its way to others of its network. */
function masqueradeEntries({ owner, routed }: Attached, cidr: string): Entry[] {
  const address = withoutPrefix(cidr);
  const family = familyOf(address);
  const comment = commentOf(owner);
  const subject = `address ${address}`;
  const masquerading: SetName = `masquerade${family}`;
  const network: SetName = `network${family}`;
  const [first, last] = networkRange(cidr);
  const inNetwork = (other: string) => encoded(sets[network].key, [address, other]);
  return [
    { set: masquerading, key: encoded(sets[masquerading].key, address), comment, subject },
    ...(routed ? [{ set: network, key: inNetwork(first), keyEnd: inNetwork(last), comment, subject }] : []),
  ];
}

function addressEntries(attached: Attached, cidr: string): Entry[] {
  const { owner, device, masquerade, ports } = attached;
  const address = withoutPrefix(cidr);
  const family = familyOf(address);
  const local: SetName = `local${family}`;
  const subject = `address ${address}`;
  const comment = commentOf(owner, ` ports=${ports.length}`);
  return [
    { set: local, key: encoded(sets[local].key, [address, device]), comment, subject },
    ...(masquerade ? masqueradeEntries(attached, cidr) : []),
  ];
}

/** All elements of an attachment: none where nothing is masqueraded or published. */
export function entriesOf(attached: Attached): Entry[] {
  const { owner, addresses, masquerade, ports } = attached;
  if (!masquerade && ports.length === 0) return [];
  const entries: Entry[] = [];
  for (const address of addresses) entries.push(...addressEntries(attached, address));
  for (const port of ports) entries.push(portEntry(owner, port));
  return entries;
}

/** Elements of one request: they have at most 400 bytes each, and all together 64 KiB. */
const TOGETHER = 150;

const element = ({ key, keyEnd, data, comment }: Entry) => ({
  key,
  ...(keyEnd && { keyEnd }),
  ...(data && { data }),
  userdata: { comment },
});

/**
 * The entries as requests' bodies, those of a set together: the kernel answers each request of a transaction that it
 * refuses, and has room for 270 answers.
 */
export function asLists(entries: readonly Entry[]): ElementListInput[] {
  const lists: ElementListInput[] = [];
  for (const set of setNames) {
    const elements = entries.filter((entry) => entry.set === set).map(element);
    for (let start = 0; start < elements.length; start += TOGETHER)
      lists.push({ ...TABLE, set, elements: elements.slice(start, start + TOGETHER) });
  }
  return lists;
}

/** The element's keys alone, to delete it. */
export const keysOnly = (
  set: SetName,
  { key, keyEnd }: Pick<Element, "key" | "keyEnd">,
): ElementListInput => ({
  ...TABLE,
  set,
  elements: [{ key, ...(keyEnd && { keyEnd }) }],
});
