/** The container's link: found again by its namespace and index, set up and down, and given what a lease says. */
import { KernelError, SystemError } from "../../netlink/errors.ts";
import { deleteAddress } from "../../netlink/route/addresses.ts";
import { openRoute, type RouteConnection } from "../../netlink/route/index.ts";
import type { Link } from "../../netlink/route/links.ts";
import { deleteRoute } from "../../netlink/route/routes.ts";
import type { Namespace } from "../../netlink/socket/namespace.ts";
import { parseCidr, withoutPrefix } from "../../netlink/wire/cidr.ts";
import { CniError, codes } from "../cni/error.ts";
import type { Route } from "../cni/result.ts";
import { containerAddress } from "../plan/addresses.ts";
import { namespaceIfThere } from "../plan/namespaces.ts";
import { containerRoute } from "../plan/routes.ts";
import { Side } from "../plan/side.ts";
import type { Lease } from "./lease.ts";

/** What tells a link from any that will ever have its name. */
export interface LinkIdentity {
  readonly namespace: string;
  readonly index: number;
}

/** The link or its namespace is not there any more. */
export class LinkGone extends CniError {
  constructor(ifname: string, cause: string) {
    const hint = "CNI_NETNS and CNI_IFNAME name the interface that the lease is for";
    super({ code: codes.failed, operation: "find the interface", subject: ifname, cause, hint });
  }
}

/** A link with its namespace and a connection to it, for the length of a function. */
export interface OpenLink {
  readonly namespace: Namespace;
  readonly route: RouteConnection;
  readonly link: Link;
}

/**
 * Runs `act` with the link `ifname` of the namespace at `netns`.
 * @param identity the link that it has to be, if that is known
 * @throws LinkGone; CniError when `netns` is no namespace; what `act` throws
 */
export function withLink<T>(
  netns: string,
  ifname: string,
  identity: LinkIdentity | undefined,
  act: (open: OpenLink) => T,
): T {
  using namespace = namespaceIfThere(netns);
  if (namespace === undefined) throw new LinkGone(ifname, `there is no namespace at ${netns}`);
  if (identity !== undefined && identity.namespace !== namespace.identity)
    throw new LinkGone(ifname, `another namespace is at ${netns}`);
  using route = openRoute({ namespace });
  const link = findLink(route, ifname);
  if (link === undefined) throw new LinkGone(ifname, `${netns} has no link ${ifname}`);
  if (identity !== undefined && identity.index !== link.index)
    throw new LinkGone(ifname, `another link of ${netns} is called ${ifname}`);
  return act({ namespace, route, link });
}

function findLink(route: RouteConnection, ifname: string): Link | undefined {
  try {
    return route.link.get({ ifname });
  } catch (error) {
    if (error instanceof KernelError && error.code === "ENODEV") return undefined;
    throw error;
  }
}

export const identityOf = ({ namespace, link }: OpenLink): LinkIdentity => ({
  namespace: namespace.identity,
  index: link.index,
});

/** Sets the link up or down. @throws KernelError */
export function setState({ route, link }: OpenLink, state: "up" | "down"): void {
  if (link.flags.includes("up") === (state === "up")) return;
  route.link.set({ index: link.index, flags: state === "up" ? ["up"] : [], change: ["up"] });
}

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
export function replaceOnLink({ namespace, link }: OpenLink, before: Lease, lease: Lease): void {
  const ifname = link.ifname!;
  using side = new Side("container", namespace);
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

/** Whether an error only says that the link, or its namespace, has vanished meanwhile. */
export const saysGone = (error: unknown): boolean =>
  error instanceof LinkGone ||
  ((error instanceof KernelError || error instanceof SystemError) &&
    ["ENODEV", "ENXIO"].includes(error.code));
