/** The link kind `vlan`: the frames of another link that have a tag (IFLA_VLAN_*). */
import { attr, attrs, flags, type Infer, repeated, struct, u16, u16be, u32 } from "../../codec/index.ts";

/** VLAN_FLAG_* (linux/if_vlan.h). */
export const VlanFlags = flags(u32, { reorderHdr: 1, gvrp: 2, looseBinding: 4, mvrp: 8, bridgeBinding: 16 });

/** Priorities that become others, one an attribute (IFLA_VLAN_QOS_MAPPING). */
const QosMap = attrs(() => ({ mapping: repeated(1, struct({ from: u32, to: u32 })) }));

/** IFLA_VLAN_* (linux/if_link.h; net/8021q/vlan_netlink.c of the kernel). */
export const Vlan = attrs(() => ({
  /** The tag, 0 to 4094. Cannot change later. */
  id: attr(1, u16),
  /** Only the flags in `mask` change. */
  flags: attr(2, struct({ flags: VlanFlags, mask: VlanFlags })),
  /** From a packet's priority to the tag's. */
  egressQos: attr(3, QosMap),
  /** From the tag's priority to the packet's. */
  ingressQos: attr(4, QosMap),
  /** EtherType of the tag, 0x8100 (which it is if not given) or 0x88a8; network order on the wire. */
  protocol: attr(5, u16be),
}));
export type Vlan = Infer<typeof Vlan>;
