/** Routes by the links of an attachment. */
import { KernelError } from "../../netlink/errors.ts";
import {
  addRoute,
  type Route as KernelRoute,
  listRoutes,
  prependRoute,
  type RouteInput,
} from "../../netlink/route/routes.ts";
import { familyOf } from "../../netlink/wire/address.ts";
import { networkOf, parseCidr, withoutPrefix } from "../../netlink/wire/cidr.ts";
import { CniError, codes } from "../cni/error.ts";
import { explain } from "../cni/explain.ts";
import type { Route } from "../cni/result.ts";
import type { Resource } from "./resource.ts";
import type { Side } from "./side.ts";
import { containerIndex } from "./veth.ts";

/** RT_TABLE_MAIN. */
export const MAIN = 254;

/** The next hop; none for the unspecified address, by which some IPAM plugins say "on the link". */
const nextHop = ({ gw }: Route): string | undefined =>
  gw === "0.0.0.0" || gw === "::" ? undefined : gw || undefined;

const familyName = (text: string) => (familyOf(text) === 4 ? ("inet" as const) : ("inet6" as const));

/** The destination as the kernel shows it: none for a default route. */
const shown = ({ dst, dstLen }: KernelRoute): string => `${dst ?? "default"}/${dstLen}`;

function wanted(dst: string): string {
  const { prefix } = parseCidr(dst);
  return prefix === 0 ? "default/0" : networkOf(parseCidr(dst));
}

/** What to do about a route that the kernel does not take. */
const hints: Readonly<Record<string, string>> = {
  EEXIST: "leave out one of two routes to the same destination",
  ENETUNREACH: "give a gateway in the subnet of an address of the interface",
  EHOSTUNREACH: "give a gateway in the subnet of an address of the interface",
  EINVAL: "give the address of another host of the interface's subnet as gateway",
};

function explained(refusal: KernelError, route: Route): CniError {
  const { failure } = explain(refusal);
  const subject = route.gw ? `${route.dst} via ${route.gw}` : route.dst;
  const hint = hints[refusal.code] ?? failure.hint;
  return new CniError({ ...failure, operation: "make the route to", subject, hint }, { cause: refusal });
}

/** The routes of a table; none where the last one's end was the table's, too. */
function routesIn(container: Side, table: Parameters<typeof listRoutes>[0]): KernelRoute[] {
  try {
    return container.route.list(listRoutes(table));
  } catch (error) {
    if (error instanceof KernelError && error.code === "ENOENT") return [];
    throw error;
  }
}

/** A route by the container's interface. It goes with its link. */
export const containerRoute = (container: Side, ifname: string, route: Route): Resource => ({
  describe: () => `route to ${route.dst}${nextHop(route) ? ` via ${nextHop(route)}` : ""} on ${ifname}`,
  ensure() {
    const index = containerIndex(container, ifname);
    const { bytes, prefix } = parseCidr(route.dst);
    const gateway = nextHop(route);
    const metrics = { ...(route.mtu && { mtu: route.mtu }), ...(route.advmss && { advmss: route.advmss }) };
    const [refusal] = container.route.attempt([
      prependRoute({
        family: bytes.length === 4 ? "inet" : "inet6",
        dstLen: prefix,
        ...(prefix > 0 && { dst: withoutPrefix(networkOf({ bytes, prefix })) }),
        oif: index,
        ...(gateway && { gateway }),
        ...(route.priority && { priority: route.priority }),
        ...(route.table !== undefined && { table: route.table }),
        // Not the kernel's choice for a route without a gateway, but what the reference plugins give it.
        scope: route.scope ?? "universe",
        ...(Object.keys(metrics).length > 0 && { metrics }),
      }),
    ]);
    if (refusal !== undefined) throw explained(refusal, route);
    return undefined;
  },
  check() {
    const index = containerIndex(container, ifname);
    // Without a table of its own it may be in any: a later plugin moves it into one (sbr, vrf).
    const { table } = route;
    const filter = { family: familyName(route.dst), oif: index, ...(table !== undefined && { table }) };
    const found = routesIn(container, filter).filter((each) => shown(each) === wanted(route.dst));
    if (found.length === 0) return ["it is not there"];
    // A default route may have got another gateway on purpose.
    const gateway = nextHop(route);
    const right =
      !gateway || wanted(route.dst) === "default/0" || found.some((each) => each.gateway === gateway);
    return right ? [] : [`it goes by ${found.map((each) => each.gateway ?? "the link").join(", ")}`];
  },
  remove: () => undefined,
});

/** A route that is to be just so, by a link of either side. */
export interface ExactRoute {
  /** In CIDR form, without bits after the prefix. */
  readonly dst: string;
  readonly gateway?: string;
  readonly scope?: RouteInput["scope"];
  /** The source address of what the side itself sends. */
  readonly source?: string;
}

/** The differences of routes to the wanted destination, none of which is the wanted one. */
function othersThan({ gateway, source }: ExactRoute, found: readonly KernelRoute[]): string[] {
  if (found.length === 0) return ["it is not there"];
  const right = found.some((each) => each.gateway === gateway && each.prefsrc === source);
  const shownAs = (each: KernelRoute): string =>
    `${each.gateway ? `via ${each.gateway}` : "by the link"}${each.prefsrc ? ` from ${each.prefsrc}` : ""}`;
  return right ? [] : [`it goes ${found.map(shownAs).join(", ")}`];
}

const inTheWay = ({ name }: Side, dst: string, cause: KernelError): CniError =>
  new CniError(
    {
      code: codes.failed,
      operation: "make the route to",
      subject: `${dst} (${name})`,
      cause: "there is another one",
      hint: `remove what it belongs to: ip route show ${dst}`,
      details: cause.message,
    },
    { cause },
  );

/**
 * A route by the link `name` of a side. It goes with its link. A route to the same destination by another link is in
 * the way.
 */
export const exactRoute = (side: Side, name: string, index: () => number, route: ExactRoute): Resource => {
  const { dst, gateway, scope, source } = route;
  const { prefix } = parseCidr(dst);
  const differences = (where: { table?: number }): string[] => {
    const all = side.route.list(listRoutes({ family: familyName(dst), oif: index(), ...where }));
    return othersThan(
      route,
      all.filter((each) => shown(each) === wanted(dst)),
    );
  };
  return {
    describe: () => `route to ${dst}${gateway ? ` via ${gateway}` : ""} on ${name} (${side.name})`,
    ensure() {
      const [refusal] = side.route.attempt([
        addRoute({
          dst: withoutPrefix(dst),
          dstLen: prefix,
          oif: index(),
          ...(gateway && { gateway }),
          ...(scope && { scope }),
          ...(source && { prefsrc: source }),
        }),
      ]);
      if (refusal === undefined || (refusal.code === "EEXIST" && differences({ table: MAIN }).length === 0))
        return undefined;
      throw refusal.code === "EEXIST"
        ? inTheWay(side, dst, refusal)
        : explained(refusal, gateway === undefined ? { dst } : { dst, gw: gateway });
    },
    // In any table: a later plugin moves the container's into one of its own (sbr, vrf).
    check: () => differences({}),
    remove: () => undefined,
  };
};
