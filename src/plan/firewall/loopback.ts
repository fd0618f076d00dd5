/** The host's way from its loopback to published ports. */
import { getLink, setLink } from "../../../netlink/route/links.ts";
import { familyOf } from "../../../netlink/wire/address.ts";
import type { Resource } from "../resource.ts";
import type { Side } from "../side.ts";
import type { Published } from "./entries.ts";
import type { PublishedPort } from "./ports.ts";

/**
 * A device may route 127.0.0.0/8 (route_localnet): so the host reaches IPv4 ports published on its loopback. Set by
 * netlink, which works where /proc/sys is read-only. Not taken back: it is shared, or goes with the device.
 */
const loopbackRouting = (host: Side, device: string): Resource => ({
  describe: () => `loopback addresses routed by ${device}`,
  ensure() {
    host.route.do(setLink({ ifname: device, afSpec: { inet: { conf: { routeLocalnet: 1 } } } }));
    return undefined;
  },
  check() {
    const found = host.route.find(getLink({ ifname: device }))?.afSpec?.inet?.conf;
    return found?.routeLocalnet === 1
      ? []
      : [`net/ipv4/conf/${device}/route_localnet is ${found?.routeLocalnet}`];
  },
  remove: () => undefined,
});

/** Ports that loopback addresses of the host lead to. IPv6 has no such translation: ::1 never leaves the host. */
const onLoopback = ({ containerAddress, hostAddress }: PublishedPort): boolean =>
  familyOf(containerAddress) === 4 && (hostAddress === undefined || hostAddress.startsWith("127."));

/** The links that lead to ports published on loopback route its addresses. The chain `guard` keeps others from them. */
export function loopbackRoutes(host: Side, { ports, snat, linkTo }: Published): Resource[] {
  if (!snat) return [];
  const links = new Set(ports.filter(onLoopback).map(({ containerAddress }) => linkTo(containerAddress)));
  return [...links].flatMap((link) => (link === undefined ? [] : [loopbackRouting(host, link)]));
}
