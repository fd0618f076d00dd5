/** `limit`: goes on with the rule as long as a rate is kept (enum nft_limit_attributes). */
import { attr, attrs, flags, oneOf, u32be, u64be } from "../../codec/index.ts";

export const Limit = attrs(() => ({
  rate: attr(1, u64be),
  /** The time in seconds in which `rate` packets or bytes may come. */
  unit: attr(2, u64be),
  burst: attr(3, u32be),
  type: attr(4, oneOf(u32be, { pkts: 0, pktBytes: 1 })),
  flags: attr(5, flags(u32be, { inv: 1 })),
}));
