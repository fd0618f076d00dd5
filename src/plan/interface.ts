/** The container's interface with its addresses and routes, as every plugin sets it up that asks IPAM for some. */
import { familyOf } from "../../netlink/wire/address.ts";
import type { IpConfig, Route } from "../cni/result.ts";
import { containerAddress, interfaceUp, settled } from "./addresses.ts";
import type { Resource } from "./resource.ts";
import { containerRoute } from "./routes.ts";
import type { Side } from "./side.ts";
import { type Setting, sysctls } from "./sysctls.ts";

export interface InterfaceOptions {
  readonly ifname: string;
  readonly ips: readonly IpConfig[];
  readonly routes: readonly Route[];
  /** Duplicate address detection (IPv6) before an address is used; undefined leaves it to the kernel. */
  readonly detectDuplicates: boolean | undefined;
  /** Neighbours that knew the last owner of an address are told of the new one. */
  readonly announce: boolean;
}

/** The families that there are addresses of. */
export const familiesOf = (ips: readonly IpConfig[]): Set<4 | 6> =>
  new Set(ips.map(({ address }) => familyOf(address)));

function detection(v6: string, detectDuplicates: boolean | undefined): Setting[] {
  if (detectDuplicates === undefined) return [];
  if (!detectDuplicates) return [{ key: `${v6}/accept_dad`, value: "0", optional: true }];
  return [
    { key: `${v6}/enhanced_dad`, value: "1", optional: true },
    { key: `${v6}/accept_dad`, value: "1", optional: true },
  ];
}

/** How the interface treats addresses, decided before it has any. */
function settings({ ifname, ips, detectDuplicates, announce }: InterfaceOptions): Setting[] {
  const v4 = `net/ipv4/conf/${ifname}`;
  const v6 = `net/ipv6/conf/${ifname}`;
  const notify = (key: string): Setting[] => (announce ? [{ key, value: "1", optional: true }] : []);
  const both = [...detection(v6, detectDuplicates), ...notify(`${v4}/arp_notify`)];
  if (!familiesOf(ips).has(6)) return both;
  return [
    ...both,
    // Not without an IPv6 address: the kernel passes what is announced to every port of a bridge.
    ...notify(`${v6}/ndisc_notify`),
    // A runtime may have switched IPv6 off in the container; an IPv6 address asks for it.
    { key: "net/ipv6/conf/lo/disable_ipv6", value: "0", optional: true },
    { key: `${v6}/disable_ipv6`, value: "0" },
    { key: `${v6}/keep_addr_on_down`, value: "1", unchecked: true },
  ];
}

/** The routes with the gateway of their family where they name none. */
export function withNextHops(routes: readonly Route[], ips: readonly IpConfig[]): Route[] {
  const gatewayOf = (dst: string): string | undefined =>
    ips.find(({ gateway }) => gateway !== undefined && familyOf(gateway) === familyOf(dst))?.gateway;
  return routes.map((route) => {
    const gw = route.gw ?? gatewayOf(route.dst);
    return gw === undefined ? route : { ...route, gw };
  });
}

/** The interface up, with its addresses. An interface without addresses is left to whoever gives it some. */
export function addressedInterface(container: Side, options: InterfaceOptions): Resource[] {
  const { ifname, ips } = options;
  const hasGateway6 = ips.some(({ gateway }) => gateway !== undefined && familyOf(gateway) === 6);
  const wanted = ips.length > 0 ? settings(options) : [];
  return [
    ...(wanted.length > 0 ? [sysctls(container, wanted)] : []),
    ...ips.map(({ address }) => containerAddress(container, ifname, address)),
    interfaceUp(container, ifname),
    ...(hasGateway6 ? [settled(container, ifname)] : []),
  ];
}

/** The interface's routes, by way of the gateway of their family where they name no other. */
export const interfaceRoutes = (container: Side, { ifname, ips, routes }: InterfaceOptions): Resource[] =>
  withNextHops(routes, ips).map((route) => containerRoute(container, ifname, route));

/** The interface up, with addresses and routes. */
export const configuredInterface = (container: Side, options: InterfaceOptions): Resource[] => [
  ...addressedInterface(container, options),
  ...interfaceRoutes(container, options),
];
