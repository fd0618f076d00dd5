/** `bitwise`: dreg = (sreg & mask) ^ xor, or a shift, or two registers joined (enum nft_bitwise_attributes). */
import { attr, attrs, oneOf, u32be } from "../../codec/index.ts";
import { Data, Register } from "../data.ts";
import { nested } from "../nfnetlink.ts";

export const Bitwise = attrs(() => ({
  sreg: attr(1, Register),
  dreg: attr(2, Register),
  /** In bytes. */
  len: attr(3, u32be),
  mask: nested(4, Data),
  xor: nested(5, Data),
  op: attr(6, oneOf(u32be, { maskXor: 0, lshift: 1, rshift: 2, and: 3, or: 4, xor: 5 })),
  data: nested(7, Data),
  sreg2: attr(8, Register),
}));
