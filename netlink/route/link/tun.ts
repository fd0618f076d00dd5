/** The link kind `tun`: links whose other end is a file descriptor, made with TUNSETIFF (IFLA_TUN_*). */
import { attr, attrs, bool, type Infer, oneOf, u8, u32 } from "../../codec/index.ts";

/** IFLA_TUN_* (linux/if_link.h; drivers/net/tun.c of the kernel). Only in replies: netlink makes no such link. */
export const Tun = attrs(() => ({
  /** The user who may open it; absent: whoever has CAP_NET_ADMIN. */
  owner: attr(1, u32),
  group: attr(2, u32),
  /** `tap` carries frames, `tun` packets. */
  type: attr(3, oneOf(u8, { tun: 1, tap: 2 })),
  /** Four bytes of information stand before each packet. */
  pi: attr(4, bool),
  /** A virtio header stands before each packet. */
  vnetHdr: attr(5, bool),
  /** The link stays when nobody has it open. */
  persist: attr(6, bool),
  /** It may be open more than once. */
  multiQueue: attr(7, bool),
  /** How many have it open; only with `multiQueue`. */
  numQueues: attr(8, u32),
  numDisabledQueues: attr(9, u32),
}));
export type Tun = Infer<typeof Tun>;
