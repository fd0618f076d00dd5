/** What IPv4 says of a link: its settings of /proc/sys/net/ipv4/conf (IFLA_INET_*, linux/if_link.h and linux/ip.h). */
import { asym, attr, attrs, growing, type Infer, type Row, s32 } from "../../codec/index.ts";

/** IPV4_DEVCONF_*, the first of which is 1. */
const settings = {
  forwarding: s32,
  mcForwarding: s32,
  proxyArp: s32,
  acceptRedirects: s32,
  secureRedirects: s32,
  sendRedirects: s32,
  sharedMedia: s32,
  rpFilter: s32,
  acceptSourceRoute: s32,
  bootpRelay: s32,
  logMartians: s32,
  tag: s32,
  arpfilter: s32,
  mediumId: s32,
  noxfrm: s32,
  nopolicy: s32,
  forceIgmpVersion: s32,
  arpAnnounce: s32,
  arpIgnore: s32,
  promoteSecondaries: s32,
  arpAccept: s32,
  arpNotify: s32,
  acceptLocal: s32,
  srcVmark: s32,
  proxyArpPvlan: s32,
  routeLocalnet: s32,
  igmpv2UnsolicitedReportInterval: s32,
  igmpv3UnsolicitedReportInterval: s32,
  ignoreRoutesWithLinkdown: s32,
  dropUnicastInL2Multicast: s32,
  dropGratuitousArp: s32,
  bcForwarding: s32,
  arpEvictNocarrier: s32,
} as const;

/** All settings, one after another. */
const InetConf = growing(settings);

/** Settings by number: those to be changed. */
const InetConfChange = attrs(() => {
  const rows: Record<string, Row<number>> = {};
  for (const name in settings) rows[name] = attr(Object.keys(rows).length + 1, s32);
  return rows as { [K in keyof typeof settings]: Row<number> };
});

export const InetLink = attrs(() => ({
  /** The kernel takes the settings that are given, and tells all of them. */
  conf: attr(1, asym<Infer<typeof InetConf>>(InetConfChange, InetConf)),
}));
