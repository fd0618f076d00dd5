/** The link kind `vrf`: a routing table for the links that have it as their master (IFLA_VRF_*, IFLA_VRF_PORT_*). */
import { attr, attrs, type Infer, u32 } from "../../codec/index.ts";

/** IFLA_VRF_* (linux/if_link.h; drivers/net/vrf.c of the kernel). */
export const Vrf = attrs(() => ({
  /** The table's number. Must be given and cannot change later. */
  table: attr(1, u32),
}));
export type Vrf = Infer<typeof Vrf>;

/** `slaveData` of a link whose `slaveKind` is `vrf`; only in replies. */
export const VrfPort = attrs(() => ({
  /** The table of the master. */
  table: attr(1, u32),
}));
export type VrfPort = Infer<typeof VrfPort>;
