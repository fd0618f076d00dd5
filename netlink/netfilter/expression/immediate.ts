/** `immediate`: a constant into a register; a verdict into register 0 (enum nft_immediate_attributes). */
import { attr, attrs } from "../../codec/index.ts";
import { Data, Register } from "../data.ts";
import { nested } from "../nfnetlink.ts";

export const Immediate = attrs(() => ({
  dreg: attr(1, Register),
  data: nested(2, Data),
}));
