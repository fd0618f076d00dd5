/** `counter`: counts what comes by (enum nft_counter_attributes). */
import { attr, attrs, u64be } from "../../codec/index.ts";

export const Counter = attrs(() => ({
  bytes: attr(1, u64be),
  packets: attr(2, u64be),
}));
