/** `range`: goes on with the rule if a register lies between two values, or does not (enum nft_range_attributes). */
import { attr, attrs, oneOf, u32be } from "../../codec/index.ts";
import { Data, Register } from "../data.ts";
import { nested } from "../nfnetlink.ts";

export const Range = attrs(() => ({
  sreg: attr(1, Register),
  op: attr(2, oneOf(u32be, { eq: 0, neq: 1 })),
  fromData: nested(3, Data),
  toData: nested(4, Data),
}));
