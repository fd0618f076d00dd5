/** `reject`: drops the packet and tells the sender (enum nft_reject_attributes). */
import { attr, attrs, oneOf, u8, u32be } from "../../codec/index.ts";

export const Reject = attrs(() => ({
  type: attr(1, oneOf(u32be, { icmpUnreach: 0, tcpRst: 1, icmpxUnreach: 2 })),
  /** The code of ICMP or ICMPv6; for `icmpxUnreach` 0 no route, 1 port, 2 host, 3 prohibited. */
  icmpCode: attr(2, u8),
}));
