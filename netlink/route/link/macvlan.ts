/** The link kinds `macvlan` and `macvtap`: links with addresses of their own over another link (IFLA_MACVLAN_*). */
import { attr, attrs, flags, type Infer, mac, oneOf, repeated, s32, u16, u32 } from "../../codec/index.ts";

/** Link-layer addresses, one an attribute. */
const SourceAddresses = attrs(() => ({ macaddr: repeated(4, mac) }));

/** IFLA_MACVLAN_* (linux/if_link.h; drivers/net/macvlan.c of the kernel). */
export const Macvlan = attrs(() => ({
  /** Who reaches whom. Changes later, but not from or to `passthru`. The kernel takes `vepa` for none. */
  mode: attr(1, oneOf(u32, { private: 1, vepa: 2, bridge: 4, passthru: 8, source: 16 })),
  flags: attr(2, flags(u16, { nopromisc: 1, nodst: 2 })),
  /** In requests, for the mode `source`: what `macaddr` or `macaddrData` does to the list of senders. */
  macaddrMode: attr(3, oneOf(u32, { add: 0, del: 1, flush: 2, set: 3 })),
  macaddr: attr(4, mac),
  /** The senders of the mode `source`. */
  macaddrData: attr(5, SourceAddresses),
  /** How many senders there are. */
  macaddrCount: attr(6, u32),
  /** How many broadcasts may wait on the link below; the largest wish of all links on it counts. Linux 5.10. */
  bcQueueLen: attr(7, u32),
  /** What counts now. */
  bcQueueLenUsed: attr(8, u32),
  /** Multicasts of groups with at most this many members do not wait; -1: all wait. Linux 6.4. */
  bcCutoff: attr(9, s32),
}));
export type Macvlan = Infer<typeof Macvlan>;
