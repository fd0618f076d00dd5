/** The comments of elements: whose they are, for people, for `nft list` and for later calls. */
import { type Owner, ownerComment } from "../owner.ts";

/** What elements of one attachment say. */
export interface Saying {
  readonly owner: Owner;
  /** The link of the host that is there as long as the container is; undefined when there is none. */
  readonly link: string | undefined;
  /** How many elements the attachment has: a call that has found so many has found all. */
  readonly count: number;
}

/** What a comment of nft may have (NFTNL_UDATA_COMMENT_MAXLEN). */
const LONGEST = 128;

/** `net: NETWORK, if: IFNAME, id: CONTAINER, by: LINK, elements: COUNT`; without the link where it has no room. */
export function commentFor({ owner, link, count }: Saying): string {
  const who = ownerComment(owner);
  const many = `, elements: ${count}`;
  const full = `${who}${link === undefined ? "" : `, by: ${link.replaceAll('"', "")}`}${many}`;
  return new TextEncoder().encode(full).length > LONGEST ? who + many : full;
}

/** A comment read back. */
export interface Said {
  /** The owner as `isOwner` and `isOfNetwork` know it. */
  readonly owner: string;
  /** For people: `network container ifname`. */
  readonly shown: string;
  readonly link: string | undefined;
  readonly count: number | undefined;
  /** Of a table of the first layout: how many ports lead to the address. */
  readonly ports: number;
}

const NOW = /^(net: (.*), if: (.*), id: (\S+?))(?:, by: (.+?))?, elements: (\d+)$/;
const FIRST_LAYOUT = /^(flatnet (.*)) (veth[0-9a-f]{8})(?: ports=(\d+))?$/;

/** What a comment says; undefined when it is none of ours. */
export function readComment(comment: string | undefined): Said | undefined {
  const now = NOW.exec(comment ?? "");
  if (now) {
    const [, owner = "", network, ifname, container, link, count] = now;
    return { owner, shown: `${network} ${container} ${ifname}`, link, count: Number(count), ports: 0 };
  }
  const first = FIRST_LAYOUT.exec(comment ?? "");
  if (!first) return undefined;
  const [, owner = "", shown = "", link, ports = "0"] = first;
  return { owner, shown, link, count: undefined, ports: Number(ports) };
}
