/** What a route says of the paths it leads to (RTAX_*, linux/rtnetlink.h). */
import { asym, attr, attrs, cstring, flags, text, u32 } from "../codec/index.ts";

export const Metrics = attrs(() => ({
  /** The metrics that the kernel must not change by what it measures. */
  lock: attr(
    1,
    flags(u32, {
      mtu: 1 << 2,
      window: 1 << 3,
      rtt: 1 << 4,
      rttvar: 1 << 5,
      ssthresh: 1 << 6,
      cwnd: 1 << 7,
      advmss: 1 << 8,
      reordering: 1 << 9,
      hoplimit: 1 << 10,
      rtoMin: 1 << 13,
    }),
  ),
  mtu: attr(2, u32),
  window: attr(3, u32),
  /** In 1/8 ms. */
  rtt: attr(4, u32),
  /** In 1/4 ms. */
  rttvar: attr(5, u32),
  ssthresh: attr(6, u32),
  cwnd: attr(7, u32),
  advmss: attr(8, u32),
  reordering: attr(9, u32),
  hoplimit: attr(10, u32),
  initcwnd: attr(11, u32),
  features: attr(12, flags(u32, { ecn: 1, sack: 2, timestamp: 4, allfrag: 8, tcpUsecTs: 16 })),
  /** In milliseconds. */
  rtoMin: attr(13, u32),
  initrwnd: attr(14, u32),
  quickack: attr(15, u32),
  /** Name of a congestion control algorithm: `bbr`. */
  ccAlgo: attr(16, asym(text, cstring)),
  fastopenNoCookie: attr(17, u32),
}));
