/** Routes of a link that plugins move out of the main table into one of their own, and back. */
import type { Request } from "../../netlink/message/request.ts";
import {
  appendRoute,
  deleteRoute,
  listRoutes,
  type Route,
  type RouteInput,
  replaceRoute,
} from "../../netlink/route/routes.ts";
import type { Side } from "./side.ts";

/** The routes of a link in a table, of both families. */
export const routesBy = (side: Side, index: number, table: number): Route[] =>
  side.route.list(listRoutes({ oif: index, table }));

/** The destination in CIDR form, also of a default route. */
export const destinationOf = ({ family, dst, dstLen }: Route): string =>
  `${dst ?? (family === "inet" ? "0.0.0.0" : "::")}/${dstLen}`;

/** Of the flags only this one may be given: the others say how the route is at the moment. */
const given = (flags: readonly unknown[]): readonly "onlink"[] =>
  flags.includes("onlink") ? ["onlink"] : [];

/** A route as it was listed, in the form of a request: to make it anew, in its table or another, or to delete it. */
const asked = (route: Route, table: RouteInput["table"] = route.table): RouteInput => ({
  ...route,
  flags: given(route.flags),
  ...(route.multipath && { multipath: route.multipath.map((hop) => ({ ...hop, flags: given(hop.flags) })) }),
  cacheinfo: undefined,
  table,
});

/** What one route of a table can be replaced by: the same destination with the same metric. */
const placeOf = ({ family, dst, dstLen, tos, priority }: Route): string =>
  [family, dst, dstLen, tos, priority].join(" ");

/** @throws KernelError the first refusal, but for those with `harmless` */
function ask(side: Side, requests: readonly Request[], harmless: string): void {
  const refusals = side.route.attempt(requests);
  const refusal = refusals.find((each) => each !== undefined && each.code !== harmless);
  if (refusal !== undefined) throw refusal;
}

/**
 * Makes routes in another table as well. Each takes the place of one that is there; several to one destination stay.
 * @throws KernelError
 */
export function copyRoutes(side: Side, routes: readonly Route[], table: number): void {
  const places = new Set<string>();
  const requests = routes.map((route) => {
    const make = places.has(placeOf(route)) ? appendRoute : replaceRoute;
    places.add(placeOf(route));
    return make(asked(route, table));
  });
  // Exactly the same route is there when the kernel's list of routes changed while it was read.
  ask(side, requests, "EEXIST");
}

/** Deletes routes; those that are gone by now are done. @throws KernelError */
export const deleteRoutes = (side: Side, routes: readonly Route[]): void =>
  ask(
    side,
    routes.map((route) => deleteRoute(asked(route))),
    "ESRCH",
  );

/**
 * Makes routes that were deleted, in their table or another, beside others to the same destination. Those that are there
 * are done.
 * @throws KernelError
 */
export const putBack = (side: Side, routes: readonly Route[], table?: number): void =>
  ask(
    side,
    routes.map((route) => appendRoute(asked(route, table))),
    "EEXIST",
  );

/** The route in words, as `ip route` has them: `10.8.0.0/16 via 10.1.2.9`. */
export function routeText({ dst, dstLen, gateway }: Pick<Route, "dst" | "dstLen" | "gateway">): string {
  const to = dst === undefined ? "default" : `${dst}/${dstLen}`;
  return gateway === undefined ? to : `${to} via ${gateway}`;
}
