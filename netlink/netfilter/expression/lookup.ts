/** `lookup`: goes on with the rule if a set has the register's value; a map gives its data (enum nft_lookup_attributes). */
import { attr, attrs, cstring, flags, u32be } from "../../codec/index.ts";
import { Register } from "../data.ts";

export const Lookup = attrs(() => ({
  set: attr(1, cstring),
  sreg: attr(2, Register),
  /** Where a map puts its data; 0 for a verdict map. */
  dreg: attr(3, Register),
  /** The id that the set was given in the same transaction, for sets without a name. */
  setId: attr(4, u32be),
  flags: attr(5, flags(u32be, { inv: 1 })),
}));
