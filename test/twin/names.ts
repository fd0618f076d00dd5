/** Names for what is drawn at random: the host's ends of veth pairs, link-layer addresses, and paths of namespaces. */
import type { Namespace } from "../../netlink/socket/namespace.ts";
import { formatAddress } from "../../netlink/wire/address.ts";

/** What iproute2 says of a link, as far as it names things. */
export interface NamingLink {
  readonly ifname: string;
  readonly ifindex: number;
  readonly address?: string;
  /** In a container: the index of the host's end. */
  readonly link_index?: number;
  /** On the host: the name of the other end. */
  readonly link?: string;
}

type Links = ReadonlyMap<string, readonly NamingLink[]>;

/** The name of the host's end of a container's interface. */
export const hostEnd = (id: string, ifname: string): string => `<host end of ${id} ${ifname}>`;

/** The device in which packets from a container wait, as the Go plugin of bandwidth names it. */
export const deviceOf = (network: string, id: string): string =>
  `bwp${new Bun.CryptoHasher("sha512").update(network + id).digest("hex")}`.slice(0, 15);

/** The name of the port by which the gateway's device in a VLAN is in its bridge. */
export const portOf = (device: string): string => `<port of ${device}>`;

/** The name of a link-layer address by the links that have it. */
export const addressOf = (...links: readonly string[]): string =>
  `<address of ${[...links].sort().join(" and ")}>`;

const isMac = (text: string | undefined): text is string =>
  /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(text ?? "");

/** The IPv6 address that the kernel makes of a link-layer address (RFC 4291, appendix A). */
function linkLocal(mac: string): string {
  const [first = 0, ...others] = mac.split(":").map((pair) => Number.parseInt(pair, 16));
  const identifier = [first ^ 2, ...others.slice(0, 2), 0xff, 0xfe, ...others.slice(2)];
  return formatAddress(Uint8Array.from([0xfe, 0x80, 0, 0, 0, 0, 0, 0, ...identifier]));
}

/** The same for the nth link that shares the address: its number stands in the middle. */
function sharedLinkLocal(mac: string, nth: number): string {
  const bytes = mac.split(":").map((pair) => Number.parseInt(pair, 16));
  const identifier = [...bytes.slice(0, 3), 0, nth, ...bytes.slice(3)];
  return formatAddress(Uint8Array.from([0xfe, 0x80, 0, 0, 0, 0, 0, 0, ...identifier]));
}

/** As many links as share an address in a scenario. */
const SHARING = [1, 2, 3, 4, 5];

/** The id of a bridge with this address: `8000.2:a1:14:b5:b3:84`. */
const bridgeId = (mac: string): string => `8000.${mac.replace(/\b0(?=[0-9a-f])/g, "")}`;

/** Translates texts of one world into words that both worlds have. */
export class Names {
  private readonly words: [pattern: RegExp, word: string][] = [];

  /**
   * @param links of the host (`host`) and of each container by its id
   * @param given text of the configurations: addresses in it are no drawn ones
   */
  constructor(links: Links, containers: readonly { id: string; namespace: Namespace }[], given: string) {
    for (const { id, namespace } of containers) this.add(namespace.path, `<namespace of ${id}>`);
    const ends = hostEndsOf(links);
    for (const [name, word] of ends) this.add(name, word);
    for (const [mac, owners] of ownersOf(links, ends))
      if (!given.toLowerCase().includes(mac)) this.addMac(mac, owners);
    // A link keeps the one that was made of an address that it has no more.
    this.words.push([/fe80::[0-9a-f:]*ff:fe[0-9a-f:]+/g, "<link-local of before>"]);
  }

  translate(text: string): string {
    return this.words.reduce((translated, [pattern, word]) => translated.replace(pattern, word), text);
  }

  /** The same for all names and texts of a tree. */
  translated<T>(tree: T): T {
    return JSON.parse(this.translate(JSON.stringify(tree))) as T;
  }

  private add(text: string, word: string): void {
    this.words.push([new RegExp(`(?<![\\w:.])${text.replaceAll(".", "\\.")}(?![\\w:])`, "g"), word]);
  }

  private addMac(mac: string, owners: readonly string[]): void {
    this.add(bridgeId(mac), `<bridge id: ${addressOf(...owners)}>`);
    this.add(mac, addressOf(...owners));
    this.add(linkLocal(mac), `<link-local: ${addressOf(...owners)}>`);
    for (const nth of SHARING)
      this.add(sharedLinkLocal(mac, nth), `<link-local ${nth}: ${addressOf(...owners)}>`);
  }
}

/** The word for each of the host's links that is one end of a pair. */
function hostEndsOf(links: Links): Map<string, string> {
  const host = links.get("host") ?? [];
  const containers = [...links].filter(([place]) => place !== "host");
  const pairs = containers.flatMap(([id, inner]) =>
    inner.flatMap(({ ifname, link_index }) => {
      const outer = host.find((link) => link.ifindex === link_index && link.ifname.startsWith("veth"));
      return outer === undefined ? [] : [[outer.ifname, hostEnd(id, ifname)] as const];
    }),
  );
  const ports = host.flatMap(({ ifname, link }) =>
    link?.startsWith("veth") && /\.\d+$/.test(ifname) ? [[link, portOf(ifname)] as const] : [],
  );
  return new Map([...pairs, ...ports]);
}

/** The links that have each link-layer address: a bridge may have that of a port. */
function ownersOf(links: Links, ends: ReadonlyMap<string, string>): Map<string, string[]> {
  const owners = new Map<string, string[]>();
  for (const [place, each] of links) {
    for (const { ifname, address } of each) {
      if (!isMac(address) || address === "00:00:00:00:00:00") continue;
      const owner = place === "host" ? (ends.get(ifname) ?? ifname) : `${ifname} of ${place}`;
      owners.set(address, [...(owners.get(address) ?? []), owner]);
    }
  }
  return owners;
}
