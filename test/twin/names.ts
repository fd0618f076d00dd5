/** Names for what is drawn at random: the host's ends of veth pairs, link-layer addresses, and paths. */
import type { Namespace } from "../../netlink/socket/namespace.ts";

/** What iproute2 says of a link, as far as it names things. */
interface ShownLink {
  readonly ifname: string;
  readonly ifindex: number;
  readonly address?: string;
  readonly link_index?: number;
  readonly link_netnsid?: number;
}

const isMac = (text: string | undefined): text is string => /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(text ?? "");

/** The address that the kernel makes of a link-layer address (RFC 4291, appendix A). */
function linkLocal(mac: string): string {
  const [a, b, c, d, e, f] = mac.split(":").map((pair) => Number.parseInt(pair, 16)) as [
    number, number, number, number, number, number,
  ];
  const groups = [((a ^ 2) << 8) | b, (c << 8) | 0xff, (0xfe << 8) | d, (e << 8) | f];
  return `fe80::${groups.map((group) => group.toString(16)).join(":")}`;
}

/** The address as `bridge_id` has it: `8000.2:a1:14:b5:b3:84`. */
const unpadded = (mac: string): string => mac.replace(/\b0([0-9a-f])/g, "$1");

/** Translates texts of one world into words that both worlds have. */
export class Names {
  private readonly words: [pattern: RegExp, word: string][] = [];
  /** The name that stands for each host's end. */
  private readonly hostEnds = new Map<string, string>();

  /**
   * @param links of the host (`host`) and of each container by its id
   * @param given text of the configurations: addresses in it are no drawn ones
   */
  constructor(
    links: ReadonlyMap<string, readonly ShownLink[]>,
    containers: ReadonlyMap<string, Namespace>,
    given: string,
  ) {
    this.nameHostEnds(links);
    this.nameMacs(links, given.toLowerCase());
    for (const [id, { path }] of containers) this.add(path, `<namespace of ${id}>`);
  }

  translate(text: string): string {
    return this.words.reduce((translated, [pattern, word]) => translated.replace(pattern, word), text);
  }

  private add(text: string, word: string): void {
    this.words.push([new RegExp(`(?<![\\w:])${text.replaceAll(".", "\\.")}(?![\\w:])`, "g"), word]);
  }

  private nameHostEnds(links: ReadonlyMap<string, readonly ShownLink[]>): void {
    const host = links.get("host") ?? [];
    for (const [id, inner] of links) {
      if (id === "host") continue;
      for (const { ifname, link_index } of inner) {
        const outer = host.find(({ ifindex, ifname }) => ifindex === link_index && ifname.startsWith("veth"));
        if (outer === undefined) continue;
        this.hostEnds.set(outer.ifname, `<host end of ${id} ${ifname}>`);
        this.add(outer.ifname, `<host end of ${id} ${ifname}>`);
      }
    }
  }

  /** An address is known by all links that have it. */
  private nameMacs(links: ReadonlyMap<string, readonly ShownLink[]>, given: string): void {
    const owners = new Map<string, string[]>();
    for (const [place, each] of links) {
      for (const { ifname, address } of each) {
        if (!isMac(address) || address === "00:00:00:00:00:00" || given.includes(address)) continue;
        const owner = place === "host" ? (this.hostEnds.get(ifname) ?? ifname) : `${ifname} of ${place}`;
        owners.set(address, [...(owners.get(address) ?? []), owner]);
      }
    }
    for (const [mac, names] of owners) {
      const word = names.sort().join(", ");
      this.add(mac, `<address of ${word}>`);
      this.add(linkLocal(mac), `<link-local of ${word}>`);
      this.words.push([new RegExp(`8000\\.${unpadded(mac)}`, "g"), `<bridge id of ${word}>`]);
    }
  }
}
