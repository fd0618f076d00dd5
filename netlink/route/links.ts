/**
 * Requests about links: RTM_*LINK and RTM_*LINKPROP (linux/rtnetlink.h; net/core/rtnetlink.c of the kernel).
 * Nothing is sent here: give a request to `Client.do`, a query to `get`, `find` or `list`.
 */
import { type InferInput, otherKind } from "../codec/index.ts";
import { NLM_F } from "../message/header.ts";
import { change, dump, type Query, query, type Request } from "../message/request.ts";
import { Link, type LinkDetails, type LinkInput } from "./link/link.ts";
import { LinkSummary } from "./link/summary.ts";
import { RTM } from "./names.ts";

export type { Link, LinkInput };

/** One link: by its index, by its name, or by its name or any of its alternative names (up to 127 bytes). */
export type OneLink = { index: number } | { ifname: string } | { altIfname: string };

/** The link in words: `eth0`, or `3` for its index. */
export function nameOfLink(link: Pick<LinkInput, "index" | "ifname" | "altIfname">): string {
  return String(link.index || link.ifname || link.altIfname || "without a name");
}

/** `flags` alone would also clear the flags that it does not name: they are meant to be the only ones to change. */
const changingFlags = (link: LinkInput): LinkInput =>
  link.flags && !link.change ? { ...link, change: link.flags } : link;

/**
 * Makes a link: `ip link add`. A veth pair with one end in another namespace is one request:
 *
 *     createLink({
 *       ifname: "veth1a2b",
 *       mtu: 1450,
 *       master: bridge.index,
 *       flags: ["up"],
 *       linkinfo: { kind: "veth", data: { peer: { ifname: "eth0", netNsFd: container.fd, mtu: 1450 } } },
 *     })
 *
 * @param link `index` asks for an index; `change` is as `flags` unless given
 * @returns a request refused with `EEXIST` when the name (or the peer's) or the index is taken, `EOPNOTSUPP` when the
 * kernel does not have the kind, `ERANGE` for a name longer than 15 bytes
 */
export function createLink(link: LinkInput): Request {
  const name = link.ifname ?? `of kind ${link.linkinfo?.kind ?? "none"}`;
  const flags = NLM_F.create | NLM_F.exclusive;
  return change(`link.create ${name}`, RTM.newlink, flags, Link, changingFlags(link));
}

/**
 * Changes a link: `ip link set`. Everything in `link` takes effect in the kernel's order, and what was changed before
 * a refusal stays changed.
 *
 * - up: `flags: ["up"]`; down: `flags: [], change: ["up"]`
 * - another name: `index` and the new `ifname`; refused with `EBUSY` by kernels before 6.3 while the link is up
 * - into a bridge: `master` (0: out of it); options of the port: `linkinfo: { slaveKind: "bridge", slaveData: {…} }`
 * - into another namespace: `netNsFd` or `netNsPid`, with `ifname` under the name that it has there
 * @param link `index` or `ifname` says which; `change` is as `flags` unless given
 * @returns a request refused with `ENODEV` when there is no such link
 */
export function setLink(link: LinkInput & OneLink): Request {
  return change(`link.set ${nameOfLink(link)}`, RTM.newlink, 0, Link, changingFlags(link));
}

/**
 * Deletes a link: `ip link delete`. Of a veth pair both ends go.
 * @returns a request refused with `ENODEV` when there is no such link, `EOPNOTSUPP` when it cannot be deleted (hardware)
 */
export function deleteLink(link: OneLink): Request {
  return change(`link.delete ${nameOfLink(link)}`, RTM.dellink, 0, Link, link);
}

/**
 * Gives a link alternative names: `ip link property add altname`.
 * @returns a request refused with `EEXIST` when one is the name of a link already
 */
export function addLinkNames(link: OneLink, names: readonly string[]): Request {
  const flags = NLM_F.create | NLM_F.exclusive | NLM_F.append;
  return changeNames("add", RTM.newlinkprop, flags, link, names);
}

/** Takes alternative names from a link. @returns a request refused with `ENOENT` when it does not have one of them */
export function deleteLinkNames(link: OneLink, names: readonly string[]): Request {
  return changeNames("delete", RTM.dellinkprop, 0, link, names);
}

function changeNames(
  word: string,
  type: number,
  flags: number,
  link: OneLink,
  names: readonly string[],
): Request {
  const operation = `link.${word}Names ${nameOfLink(link)} ${names.join(" ")}`;
  return change(operation, type, flags, Link, { ...link, propList: { altIfname: names } });
}

/** What a question about links may say besides. */
export interface LinkQuestion {
  /** `["skipStats"]` leaves out the counters of IPv6 in `afSpec`: 350 bytes a link that is up. */
  extMask?: InferInput<typeof LinkDetails>;
  /** Id of another namespace whose links are meant. */
  targetNetnsid?: number;
}

/** Asks for one link: `ip link show`. @returns a query refused with `ENODEV` when there is none */
export function getLink(link: OneLink & LinkQuestion): Query<Link> {
  return query(`link.get ${nameOfLink(link)}`, RTM.getlink, Link, link, Link);
}

/** As `getLink`, for what most callers want to know. */
export function getLinkSummary(link: OneLink): Query<LinkSummary> {
  const question = { ...link, extMask: ["skipStats" as const] };
  return query(`link.get ${nameOfLink(link)}`, RTM.getlink, Link, question, LinkSummary);
}

/**
 * Asks for all links, or those that the kernel finds by `master` and `kind`: `ip link show master br0 type veth`.
 * @param filter.kind a kind that the kernel does not know filters nothing
 */
export function listLinks(filter: LinkQuestion & { master?: number; kind?: string } = {}): Query<Link> {
  const { kind, ...rest } = filter;
  // The filter is a name alone, whether or not its data is known here.
  const request = kind === undefined ? rest : { ...rest, linkinfo: { kind: otherKind(kind) } };
  return dump("link.list", RTM.getlink, Link, request, Link);
}
