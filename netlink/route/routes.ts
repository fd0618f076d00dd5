/**
 * Requests about routes: RTM_*ROUTE (net/ipv4/fib_frontend.c and route.c, net/ipv6/route.c of the kernel).
 * Nothing is sent here.
 */
import { NLM_F } from "../message/header.ts";
import { change, dump, type Query, query, type Request } from "../message/request.ts";
import { bitsOfAddress, familyOfAddress, inTable, RTM, tables } from "./names.ts";
import type { NextHopInput } from "./next-hop.ts";
import { Route, type RouteInput } from "./route.ts";

export type { Route, RouteInput };

const familyOf = ({ family, dst, gateway, prefsrc, multipath }: RouteInput): RouteInput["family"] => {
  const address = dst ?? gateway ?? multipath?.find((hop) => hop.gateway)?.gateway ?? prefsrc;
  return family ?? (address === undefined ? "inet" : familyOfAddress(address));
};

/** `hop` with a gateway of another family than the route's in `via`, where the kernel wants it. */
function reached<Hop extends Pick<NextHopInput, "gateway" | "via">>(
  hop: Hop,
  family: RouteInput["family"],
): Hop {
  const { gateway, ...others } = hop;
  if (gateway === undefined || familyOfAddress(gateway) === family) return hop;
  return { ...others, via: { family: familyOfAddress(gateway), addr: gateway } } as Hop;
}

const bits = (address: string | undefined): number => (address === undefined ? 0 : bitsOfAddress(address));

/** Routes to the host itself: they belong in a table, and reach only as far as, their own. */
const OWN: ReadonlySet<RouteInput["type"]> = new Set(["local", "broadcast", "anycast", "nat"] as const);

/** What follows from `route`, for requests to make and to delete one. */
function complete(route: RouteInput): RouteInput {
  const family = familyOf(route);
  const table = route.table ?? route.headerTable ?? (OWN.has(route.type) ? "local" : "main");
  return {
    family,
    dstLen: bits(route.dst),
    srcLen: bits(route.src),
    ...reached(route, family),
    ...(route.multipath && { multipath: route.multipath.map((hop) => reached(hop, family)) }),
    ...inTable(table),
  };
}

/** How far the destination is, which only IPv4 wants to know. */
function scopeOf({
  family,
  type = "unicast",
  gateway,
  via,
  multipath,
  nhId,
}: RouteInput): RouteInput["scope"] {
  if (family !== "inet") return "universe";
  if (OWN.has(type)) return type === "local" || type === "nat" ? "host" : "link";
  const onward = gateway ?? via ?? multipath ?? nhId;
  return type === "unicast" && onward === undefined ? "link" : "universe";
}

/** The route in words: `10.0.0.0/8 via 10.1.0.1 dev 3 table 100`. */
function described({
  dst,
  dstLen,
  gateway,
  via,
  multipath,
  oif,
  table,
  headerTable,
  family,
}: RouteInput): string {
  const everything = family === "inet6" ? "::" : "0.0.0.0";
  const hops = multipath ?? [{ gateway, via, ifindex: oif }];
  const ways = hops.map((hop) => {
    const onward = hop.gateway ?? hop.via?.addr;
    return `${onward === undefined ? "" : ` via ${onward}`}${hop.ifindex === undefined ? "" : ` dev ${hop.ifindex}`}`;
  });
  const where = table ?? headerTable;
  return `${dst ?? everything}/${dstLen ?? 0}${ways.join(",")}${where === tables.main ? "" : ` table ${where}`}`;
}

function makeRoute(word: string, flags: number, given: RouteInput): Request {
  const route = complete(given);
  const body: RouteInput = { protocol: "boot", type: "unicast", scope: scopeOf(route), ...route };
  return change(`route.${word} ${described(body)}`, RTM.newroute, flags, Route, body);
}

/**
 * Adds a route: `ip route add`.
 *
 *     addRoute({ gateway: "10.1.0.1" })                                          a default route
 *     addRoute({ dst: "10.2.0.0", dstLen: 16, oif: 3, metrics: { mtu: 1400 } })
 *     addRoute({ dst: "10.3.0.0", dstLen: 16, gateway: "fe80::1", oif: 3 })      IPv4 by an IPv6 gateway
 *
 * @param route `family` follows from the addresses unless given, and must be given where a default route's gateway is
 * of the other family; `dstLen` and `srcLen` are all bits, `table` is `main`, `protocol` `boot`, `type` `unicast`
 * unless given
 * @returns a request refused with `EEXIST` when there is one with the same destination, tos and metric in the table
 * (IPv4) or the same in all (IPv6), `ENETUNREACH` or `EHOSTUNREACH` when the gateway is not reached, `ENETDOWN` when
 * the link is down, `ENODEV` when there is no such link
 */
export const addRoute = (route: RouteInput): Request =>
  makeRoute("add", NLM_F.create | NLM_F.exclusive, route);

/** Adds a route, or puts it in the place of the first with the same destination, tos and metric: `ip route replace`. */
export const replaceRoute = (route: RouteInput): Request =>
  makeRoute("replace", NLM_F.create | NLM_F.replace, route);

/** As `replaceRoute`, where there is one: `ip route change`. @returns a request refused with `ENOENT` otherwise */
export const changeRoute = (route: RouteInput): Request => makeRoute("change", NLM_F.replace, route);

/**
 * Adds a route in front of those with the same destination, tos and metric (IPv4), or to them (IPv6):
 * `ip route prepend`.
 * @returns a request refused with `EEXIST` when there is the very same route
 */
export const prependRoute = (route: RouteInput): Request => makeRoute("prepend", NLM_F.create, route);

/** Adds a route behind those with the same destination, tos and metric: `ip route append`. */
export const appendRoute = (route: RouteInput): Request =>
  makeRoute("append", NLM_F.create | NLM_F.append, route);

/**
 * Deletes the first route that is as `route` says: `ip route delete`. What is left out (gateway, metric, protocol,
 * scope, type) is not looked at.
 * @returns a request refused with `ESRCH` when there is none
 */
export function deleteRoute(given: RouteInput): Request {
  const route = complete(given);
  // RT_SCOPE_NOWHERE stands for any scope, which only IPv4 looks at.
  const body: RouteInput = { ...(route.family === "inet" && { scope: "nowhere" }), ...route };
  return change(`route.delete ${described(body)}`, RTM.delroute, 0, Route, body);
}

/** A packet, to ask where it would go. */
export type RouteQuestion = Pick<
  RouteInput,
  "family" | "src" | "oif" | "iif" | "mark" | "uid" | "ipProto" | "sport" | "dport" | "flags" | "tos"
> & { dst: string };

/**
 * Asks by which route a packet would leave: `ip route get`.
 * @param packet `flags: ["fibMatch"]` asks for the route as it was added; IPv4 tells the table with `["lookupTable"]`,
 * which is asked unless `flags` are given
 * @returns a query refused with `ENETUNREACH` when no route leads there, or with the error of the route's type
 */
export function getRoute(packet: RouteQuestion): Query<Route> {
  const { dst, src } = packet;
  const family = familyOfAddress(dst);
  const body: RouteInput = {
    family,
    dstLen: bits(dst),
    srcLen: bits(src),
    // IPv6 does not know the flag, and is strict about it.
    flags: family === "inet" ? ["lookupTable"] : [],
    ...packet,
  };
  return query(`route.get ${dst}`, RTM.getroute, Route, body, Route);
}

/**
 * Asks for all routes, or those that the kernel finds: `ip route show table 100 proto static`.
 * @param filter what all routes given must have; both families unless `family` is given
 * @returns a query refused with `ENOENT` when `family` is `inet` or `inet6` and there is no such `table`
 */
export function listRoutes(
  filter: Pick<RouteInput, "table" | "protocol" | "type" | "oif"> & { family?: "inet" | "inet6" } = {},
): Query<Route> {
  return dump("route.list", RTM.getroute, Route, filter, Route);
}
