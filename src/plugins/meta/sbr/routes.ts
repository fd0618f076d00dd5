/** Routes of the interface: copied to the table of each address that they are for, and gone from the main one. */
import { bitsOfAddress, familyOfAddress } from "../../../../netlink/route/names.ts";
import { deleteRoute, type Route, replaceRoute } from "../../../../netlink/route/routes.ts";
import { familyOf } from "../../../../netlink/wire/address.ts";
import { networkOf, overlap, parseCidr, withoutPrefix } from "../../../../netlink/wire/cidr.ts";
import { CniError } from "../../../cni/error.ts";
import { explain } from "../../../cni/explain.ts";
import type { IpConfig, Route as ResultRoute } from "../../../cni/result.ts";
import {
  copyRoutes,
  deleteRoutes,
  destinationOf,
  putBack,
  routesBy,
  routeText,
} from "../../../plan/moved-routes.ts";
import { allOrNothing, type Resource } from "../../../plan/resource.ts";
import { MAIN } from "../../../plan/routes.ts";
import type { Side } from "../../../plan/side.ts";
import { containerIndex } from "../../../plan/veth.ts";

/** An address of the interface, and the table of what it sends. */
export interface Source {
  /** With its prefix length, and the gateway of its default route. */
  readonly ip: IpConfig;
  /** CHECK: undefined where no rule leads to one. */
  readonly table: number | undefined;
}

const within = (address: string | undefined, { address: cidr }: IpConfig): boolean =>
  address !== undefined && overlap(parseCidr(`${address}/${bitsOfAddress(address)}`), parseCidr(cidr));

const gatewaysOf = ({ gateway, via, multipath = [] }: Route): (string | undefined)[] => [
  gateway ?? via?.addr,
  ...multipath.map((hop) => hop.gateway ?? hop.via?.addr),
];

/** The addresses that a route names: it is for what has one of the same subnet. */
const namedBy = (route: Route): string[] =>
  [route.prefsrc, ...gatewaysOf(route)].filter((address) => address !== undefined);

/** The routes that an address uses: those of its subnet, and those that belong to no address's. */
function routesFor(ip: IpConfig, sources: readonly Source[], routes: readonly Route[]): Route[] {
  const isFor = (route: Route, each: IpConfig) => namedBy(route).some((address) => within(address, each));
  return routes.filter((route) => isFor(route, ip) || !sources.some((source) => isFor(route, source.ip)));
}

/** Makes the default route by the address's gateway, where it has one. @throws CniError when nothing leads there */
function makeDefaultRoute(container: Side, { gateway }: IpConfig, oif: number, table: number): void {
  if (gateway === undefined) return;
  const route = { family: familyOfAddress(gateway), gateway, oif, table };
  const [refusal] = container.route.attempt([replaceRoute(route)]);
  if (refusal === undefined) return;
  const { failure } = explain(refusal);
  const subject = `${gateway} in table ${table}`;
  const hint = "give a gateway in the subnet of an address of the interface";
  throw new CniError(
    { ...failure, operation: "make the default route via", subject, hint },
    { cause: refusal },
  );
}

/** What a table must have for its address: the default route, the subnet, and the routes of the result. */
function wantedIn({ ip }: Source, routes: readonly ResultRoute[]): { dst: string; gateway?: string }[] {
  const { address, gateway } = ip;
  const family = familyOf(address);
  const everything = family === 4 ? "0.0.0.0/0" : "::/0";
  const { bytes, prefix } = parseCidr(address);
  const own = routes.filter(
    ({ dst, gw, table = MAIN }) => familyOf(dst) === family && table === MAIN && (!gw || within(gw, ip)),
  );
  return [
    ...(gateway === undefined ? [] : [{ dst: everything }]),
    ...(prefix < 8 * bytes.length ? [{ dst: networkOf({ bytes, prefix }) }] : []),
    // Of a default route the main table's, when it had one, has taken the place.
    ...own.map(({ dst, gw }) => ({
      dst: networkOf(parseCidr(dst)),
      ...(gw && dst !== everything && { gateway: gw }),
    })),
  ];
}

export interface SourceOptions {
  readonly ifname: string;
  readonly sources: readonly Source[];
  /** The routes of the result, with their gateways. */
  readonly routes: readonly ResultRoute[];
  /** ADD: the interface's routes in the main table before. */
  readonly before: readonly Route[];
}

/** The routes of one address in its table. */
export const sourceRoutes = (container: Side, source: Source, options: SourceOptions): Resource => {
  const { ifname, sources, routes, before } = options;
  const { ip, table } = source;
  const index = () => containerIndex(container, ifname);
  return {
    describe: () => `routes of ${withoutPrefix(ip.address)} in table ${table}`,
    ensure() {
      // Nobody else used the table, so what is in it by now is ours.
      const undo = () => deleteRoutes(container, routesBy(container, index(), table!));
      return allOrNothing((made) => {
        made.remember(undo);
        makeDefaultRoute(container, ip, index(), table!);
        copyRoutes(container, routesFor(ip, sources, before), table!);
        return undo;
      });
    },
    check() {
      if (table === undefined) return [];
      const found = routesBy(container, index(), table);
      return wantedIn(source, routes).flatMap(({ dst, gateway }) => {
        const same = found.filter((route) => destinationOf(route) === dst);
        if (same.length === 0) return [`there is none to ${dst}`];
        return gateway === undefined || same.some((route) => gatewaysOf(route).includes(gateway))
          ? []
          : [`the one to ${dst} does not go by ${gateway}`];
      });
    },
    // They go with the interface.
    remove: () => undefined,
  };
};

/** Routes that the main table may have: of link-local addresses, and those that routers tell of. */
const comesByItself = ({ dst, protocol }: Route): boolean =>
  protocol === "ra" || (dst?.startsWith("fe80:") ?? false);

/** With hints the routes to the link itself stay in the main table, and the hints, of which only IPv4 knows the scope. */
export const staysWithHints =
  (sources: readonly Source[]) =>
  ({ family, scope, gateway, prefsrc }: Route): boolean =>
    family === "inet"
      ? scope === "link"
      : gateway === undefined && sources.some(({ ip }) => withoutPrefix(ip.address) === prefsrc);

/** The interface's routes are gone from the main table, but for those of `kept`. */
export const leftMain = (
  container: Side,
  { ifname, before }: SourceOptions,
  isKept: (route: Route) => boolean,
): Resource => ({
  describe: () => `main table without the routes of ${ifname}`,
  ensure() {
    const moved = before.filter((route) => !isKept(route));
    const undo = () => putBack(container, moved);
    return allOrNothing((made) => {
      made.remember(undo);
      deleteRoutes(container, moved);
      return undo;
    });
  },
  check: () =>
    routesBy(container, containerIndex(container, ifname), MAIN)
      .filter((route) => !isKept(route) && !comesByItself(route))
      .map((route) => `it has ${routeText(route)}`),
  remove: () => undefined,
});

/** The subnet of an address reachable by the main table, from that address. */
export const sourceHint = (container: Side, { ip }: Source, { ifname, before }: SourceOptions): Resource => {
  const { bytes, prefix } = parseCidr(ip.address);
  const prefsrc = withoutPrefix(ip.address);
  const dst = networkOf({ bytes, prefix });
  const isSame = (route: Route) => destinationOf(route) === dst;
  return {
    describe: () => `route to ${dst} from ${prefsrc} in the main table`,
    ensure() {
      const oif = containerIndex(container, ifname);
      const hint = { dst: withoutPrefix(dst), dstLen: prefix, oif, prefsrc, scope: "link" as const };
      container.route.do(replaceRoute(hint));
      return () => {
        container.route.attempt([deleteRoute(hint)]);
        putBack(container, before.filter(isSame));
      };
    },
    check() {
      const found = routesBy(container, containerIndex(container, ifname), MAIN);
      return found.some((route) => isSame(route) && route.prefsrc === prefsrc) ? [] : ["it is not there"];
    },
    remove: () => undefined,
  };
};
