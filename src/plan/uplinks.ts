/** Uplinks whose routes come from router advertisements: they keep them when the host begins to forward IPv6. */
import { SystemError } from "../../netlink/errors.ts";
import type { LinkSummary } from "../../netlink/route/link/summary.ts";
import { listLinks } from "../../netlink/route/links.ts";
import { listRoutes, type Route } from "../../netlink/route/routes.ts";
import { readSysctl } from "../sys/sysctl.ts";
import type { Resource } from "./resource.ts";
import type { Side } from "./side.ts";
import { forwarding, type Setting, sysctls } from "./sysctls.ts";

/** The links by which default routes go that routers have advertised. */
function advertisedBy(host: Side): Set<number> {
  const routes = host.route.list(listRoutes({ family: "inet6", table: "main", protocol: "ra" }));
  const ways = ({ oif, multipath = [] }: Route) => [oif, ...multipath.map(({ ifindex }) => ifindex)];
  const indexes = routes.filter(({ dstLen }) => dstLen === 0).flatMap(ways);
  return new Set(indexes.filter((index) => index !== undefined));
}

/** Whether a link is a device, and not made by some program for containers or the like. */
const isHardware = ({ linkinfo, flags, master }: LinkSummary): boolean =>
  linkinfo?.kind === undefined && master === undefined && !flags.includes("loopback");

/** A setting of IPv6; undefined where the kernel, or the link, has none. */
function settingOf(key: string): string | undefined {
  try {
    return readSysctl(key);
  } catch (error) {
    if (error instanceof SystemError) return undefined;
    throw error;
  }
}

const hearing = ({ ifname }: LinkSummary): Setting => ({
  key: `net/ipv6/conf/${ifname}/accept_ra`,
  value: "2",
  optional: true,
});

/** What keeps the uplinks listening that do so now; nothing when the host forwards already. */
function settingsOf(host: Side): Setting[] {
  if (settingOf(forwarding(6).key) !== "0") return [];
  const advertised = advertisedBy(host);
  return host.route
    .list(listLinks({ extMask: ["skipStats"] }))
    .filter((link) => advertised.has(link.index) || isHardware(link))
    .map(hearing)
    .filter(({ key }) => settingOf(key) === "1");
}

/**
 * A host that forwards hears no advertisements on links whose accept_ra is 1, and forgets the routes that it had from
 * them (Documentation/networking/ip-sysctl.rst): links that have such routes, and devices that may yet get some, are set
 * to 2 before. Others' bridges stay as they are: nobody should be heard there.
 */
const listening = (host: Side): Resource => ({
  describe: () => "router advertisements heard on uplinks",
  ensure() {
    sysctls(
      host,
      host.inside(() => settingsOf(host)),
    ).ensure();
    return undefined;
  },
  check: () => [],
  remove: () => undefined,
});

/** The host forwards packets of these families. */
export const forwardingOf = (host: Side, families: ReadonlySet<4 | 6>): Resource[] => [
  ...(families.has(6) ? [listening(host)] : []),
  sysctls(host, [...families].map(forwarding)),
];
