/** What a lease says, in the place of what the one before it said: address and routes of the container's interface. */
import { deleteAddress } from "../../../netlink/route/addresses.ts";
import { deleteRoute } from "../../../netlink/route/routes.ts";
import { parseCidr, withoutPrefix } from "../../../netlink/wire/cidr.ts";
import type { Route } from "../../cni/result.ts";
import { containerAddress } from "../../plan/addresses.ts";
import { containerRoute } from "../../plan/routes.ts";
import type { Lease } from "../lease.ts";
import type { OpenLink } from "../link.ts";

/** The routes as a main plugin makes them: by the address's gateway where they name none. */
const routesOf = ({ routes, gateway }: Lease): Route[] =>
  routes.map((route) =>
    route.gw === undefined && gateway !== undefined ? { ...route, gw: gateway } : route,
  );

/** A request that takes a route away. */
function without(route: Route, index: number) {
  const { bytes, prefix } = parseCidr(route.dst);
  return deleteRoute({
    family: bytes.length === 4 ? "inet" : "inet6",
    dstLen: prefix,
    ...(prefix > 0 && { dst: withoutPrefix(route.dst) }),
    oif: index,
    ...(route.priority && { priority: route.priority }),
  });
}

/**
 * Puts what a lease says in the place of what the one before it said. Routes that are not where the main plugin made
 * them were moved by a later plugin, and are left to it.
 * @throws CniError, KernelError, SystemError
 */
export function replaceOnLink({ side, link }: OpenLink, before: Lease, lease: Lease): void {
  const ifname = link.ifname!;
  const resource = (route: Route) => containerRoute(side, ifname, route);
  const old = routesOf(before);
  const moved = old.length > 0 && old.every((route) => resource(route).check().length > 0);
  if (!moved) side.route.attempt(old.map((route) => without(route, link.index)));
  if (before.address !== lease.address) {
    const { prefix } = parseCidr(before.address);
    // The old one first: of two addresses of a network the second goes with the first.
    const address = withoutPrefix(before.address);
    side.route.attempt([deleteAddress({ index: link.index, address, prefixlen: prefix })]);
    containerAddress(side, ifname, lease.address).ensure();
  }
  if (!moved) for (const route of routesOf(lease)) resource(route).ensure();
}
