/** A link as the bridge sees it: link messages of the family `bridge` (IFLA_BRIDGE_*, linux/if_bridge.h). */
import {
  attr,
  attrs,
  bytes,
  flags,
  type Infer,
  type InferInput,
  message,
  nest,
  oneOf,
  repeated,
  struct,
  u8,
  u16,
  u32,
} from "../../codec/index.ts";
import { BridgePort } from "./bridge-port.ts";
import { linkHeader, linkRows } from "./link.ts";

/** BRIDGE_VLAN_INFO_*. */
const VlanFlags = flags(u16, {
  /** Change the bridge itself too. */
  master: 1,
  /** Untagged frames that come in belong to this VLAN. */
  pvid: 2,
  /** Frames leave untagged. */
  untagged: 4,
  rangeBegin: 8,
  rangeEnd: 16,
  brentry: 32,
  onlyOpts: 64,
});

/** A VLAN's mapping to a tunnel's id. */
const TunnelInfo = attrs(() => ({ id: attr(1, u32), vid: attr(2, u16), flags: attr(3, VlanFlags) }));

const SpanningTreeInstance = attrs(() => ({ msti: attr(1, u16), state: attr(2, u8) }));

export const BridgeSpec = attrs(() => ({
  /** BRIDGE_FLAGS_*: `master` means the bridge, `self` the link's own driver. */
  flags: attr(0, flags(u16, { master: 1, self: 2 })),
  /** BRIDGE_MODE_*. */
  mode: attr(1, oneOf(u16, { veb: 0, vepa: 1, undef: 0xffff })),
  /** A VLAN each, or the first and the last of a range. */
  vlanInfo: repeated(2, struct({ flags: VlanFlags, vid: u16 })),
  vlanTunnelInfo: repeated(3, TunnelInfo, "toKernel"),
  /** Media redundancy protocol, as it came. */
  mrp: nest(4, bytes),
  /** Connectivity fault management, as it came. */
  cfm: nest(5, bytes),
  mst: nest(
    6,
    attrs(() => ({ entry: repeated(1, SpanningTreeInstance, "always") })),
  ),
}));

export const BridgeLink = message(linkHeader, () => ({
  ...linkRows(),
  protinfo: nest(12, BridgePort),
  afSpec: attr(26, BridgeSpec),
}));
/** A bridge, or a bridge's port, as the kernel tells of it in the family `bridge`. */
export type BridgeLink = Infer<typeof BridgeLink>;
export type BridgeLinkInput = InferInput<typeof BridgeLink>;
