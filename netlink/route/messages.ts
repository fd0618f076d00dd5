/** What rtnetlink's messages are called and how their bodies read, by type: for dumps of whole messages. */
import type { Codec } from "../codec/index.ts";
import { Address } from "./addresses.ts";
import { BridgeLink } from "./link/bridge-link.ts";
import { Link } from "./link/link.ts";
import { families, RTM } from "./names.ts";
import { NamespaceId } from "./namespace-ids.ts";
import { Neighbour } from "./neighbours.ts";
import { Route } from "./route.ts";
import { Rule } from "./rules.ts";
import { TrafficClass } from "./tc/classes.ts";
import { Filter } from "./tc/filters.ts";
import { Qdisc } from "./tc/qdiscs.ts";

/** One type of message, which has the same codec in both directions. */
export interface RouteMessage {
  /** The kernel's word without its prefix: `newlink` for RTM_NEWLINK. */
  readonly name: string;
  readonly codec: Codec<unknown>;
  /** The codec of messages of the family `bridge`, where that is another. */
  readonly bridge?: Codec<unknown>;
}

/** Codecs of a group of types: RTM_NEW*, _DEL*, _GET* and, of links, _SET*. */
const groups: readonly (Omit<RouteMessage, "name"> & { types: readonly (keyof typeof RTM)[] })[] = [
  { types: ["newlink", "dellink", "getlink", "setlink"], codec: Link, bridge: BridgeLink },
  { types: ["newlinkprop", "dellinkprop"], codec: Link },
  { types: ["newaddr", "deladdr", "getaddr"], codec: Address },
  { types: ["newroute", "delroute", "getroute"], codec: Route },
  { types: ["newneigh", "delneigh", "getneigh"], codec: Neighbour },
  { types: ["newrule", "delrule", "getrule"], codec: Rule },
  { types: ["newqdisc", "delqdisc", "getqdisc"], codec: Qdisc },
  { types: ["newtclass", "deltclass", "gettclass"], codec: TrafficClass },
  { types: ["newtfilter", "deltfilter", "gettfilter"], codec: Filter },
  { types: ["newnsid", "delnsid", "getnsid"], codec: NamespaceId },
];

/** By message type. */
export const routeMessages: ReadonlyMap<number, RouteMessage> = new Map(
  groups.flatMap(({ types, ...codecs }) => types.map((name) => [RTM[name], { name, ...codecs }] as const)),
);

/** The codec of a message's body, whose first byte is its family; undefined when the type is not known here. */
export function routeCodec(type: number, body: Uint8Array): Codec<unknown> | undefined {
  const message = routeMessages.get(type);
  return body[0] === families.bridge ? (message?.bridge ?? message?.codec) : message?.codec;
}
