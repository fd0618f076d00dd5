/** The link kinds `ipvlan` and `ipvtap`: links that share the link-layer address of the one below (IFLA_IPVLAN_*). */
import { attr, attrs, flags, type Infer, oneOf, u16 } from "../../codec/index.ts";

/** IFLA_IPVLAN_* (linux/if_link.h; drivers/net/ipvlan/ipvlan_main.c of the kernel). All links on one share both. */
export const Ipvlan = attrs(() => ({
  /** `l2` bridges, `l3` routes, `l3s` routes through the netfilter hooks of the namespace below. `l3` if not given. */
  mode: attr(1, oneOf(u16, { l2: 0, l3: 1, l3s: 2 })),
  /** Who reaches whom: all if neither; `private` nobody; `vepa` by way of what is outside. */
  flags: attr(2, flags(u16, { private: 1, vepa: 2 })),
}));
export type Ipvlan = Infer<typeof Ipvlan>;
