/** `cmp`: goes on with the rule if a register compares with data as said (enum nft_cmp_attributes). */
import { attr, attrs, oneOf, u32be } from "../../codec/index.ts";
import { Data, Register } from "../data.ts";
import { nested } from "../nfnetlink.ts";

/** enum nft_cmp_ops. Bytes compare from the first to the last, as numbers in network order do. */
export const cmpOps = { eq: 0, neq: 1, lt: 2, lte: 3, gt: 4, gte: 5 } as const;

export const Cmp = attrs(() => ({
  sreg: attr(1, Register),
  op: attr(2, oneOf(u32be, cmpOps)),
  data: nested(3, Data),
}));
