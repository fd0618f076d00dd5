/** What IPv6 says of a link (IFLA_INET6_*, linux/if_link.h): flags, settings, counters, token. */
import {
  address,
  array,
  attr,
  attrs,
  bytes,
  flags,
  growing,
  oneOf,
  s32,
  struct,
  u8,
  u32,
  u64,
} from "../../codec/index.ts";

/** DEVCONF_* (linux/ipv6.h), in their order: the settings of /proc/sys/net/ipv6/conf. */
const Inet6Conf = growing({
  forwarding: s32,
  hoplimit: s32,
  mtu6: s32,
  acceptRa: s32,
  acceptRedirects: s32,
  autoconf: s32,
  dadTransmits: s32,
  rtrSolicits: s32,
  rtrSolicitInterval: s32,
  rtrSolicitDelay: s32,
  useTempaddr: s32,
  tempValidLft: s32,
  tempPreferedLft: s32,
  regenMaxRetry: s32,
  maxDesyncFactor: s32,
  maxAddresses: s32,
  forceMldVersion: s32,
  acceptRaDefrtr: s32,
  acceptRaPinfo: s32,
  acceptRaRtrPref: s32,
  rtrProbeInterval: s32,
  acceptRaRtInfoMaxPlen: s32,
  proxyNdp: s32,
  optimisticDad: s32,
  acceptSourceRoute: s32,
  mcForwarding: s32,
  disableIpv6: s32,
  acceptDad: s32,
  forceTllao: s32,
  ndiscNotify: s32,
  mldv1UnsolicitedReportInterval: s32,
  mldv2UnsolicitedReportInterval: s32,
  suppressFragNdisc: s32,
  acceptRaFromLocal: s32,
  useOptimistic: s32,
  acceptRaMtu: s32,
  stableSecret: s32,
  useOifAddrsOnly: s32,
  acceptRaMinHopLimit: s32,
  ignoreRoutesWithLinkdown: s32,
  dropUnicastInL2Multicast: s32,
  dropUnsolicitedNa: s32,
  keepAddrOnDown: s32,
  rtrSolicitMaxInterval: s32,
  seg6Enabled: s32,
  seg6RequireHmac: s32,
  enhancedDad: s32,
  addrGenMode: s32,
  disablePolicy: s32,
  acceptRaRtInfoMinPlen: s32,
  ndiscTclass: s32,
  rplSegEnabled: s32,
  raDefrtrMetric: s32,
  ioam6Enabled: s32,
  ioam6Id: s32,
  ioam6IdWide: s32,
  ndiscEvictNocarrier: s32,
  acceptUntrackedNa: s32,
  acceptRaMinLft: s32,
  forceForwarding: s32,
});

/** ICMP6_MIB_* (linux/snmp.h); `num` counts the numbers, itself included. */
const Icmp6Stats = growing({
  num: u64,
  inmsgs: u64,
  inerrors: u64,
  outmsgs: u64,
  outerrors: u64,
  csumerrors: u64,
  ratelimithost: u64,
});

export const Inet6Link = attrs(() => ({
  /** IF_* (net/if_inet6.h of the kernel): how far router discovery has come. */
  flags: attr(
    1,
    flags(u32, { rsSent: 0x10, raRcvd: 0x20, raManaged: 0x40, raOtherconf: 0x80, ready: 0x80000000 }),
  ),
  conf: attr(2, Inet6Conf),
  /**
   * IPSTATS_MIB_* (linux/snmp.h), the first of which counts them. Which is which depends on the kernel, which has put
   * them in another order since (InNoECTPkts was the 33rd of Linux 6.1 and is the fifth of 6.18).
   */
  stats: attr(3, array(u64)),
  /** No kernel sends it. */
  mcast: attr(4, bytes),
  /** Times in milliseconds, `tstamp` in hundredths of a second since boot. */
  cacheinfo: attr(5, struct({ maxReasmLen: u32, tstamp: u32, reachableTime: u32, retransTime: u32 })),
  icmp6stats: attr(6, Icmp6Stats),
  /** The lower half of the addresses made of routers' advertisements: `::2`. */
  token: attr(7, address),
  /** How the link-local address is made; `none` makes none. */
  addrGenMode: attr(8, oneOf(u8, { eui64: 0, none: 1, stablePrivacy: 2, random: 3 })),
  /** The MTU that a router advertised. */
  raMtu: attr(9, u32),
}));
