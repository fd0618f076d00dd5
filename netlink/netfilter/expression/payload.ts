/** `payload`: bytes of the packet into a register, or a register into the packet (enum nft_payload_attributes). */
import { attr, attrs, flags, oneOf, u32be } from "../../codec/index.ts";
import { Register } from "../data.ts";

export const Payload = attrs(() => ({
  dreg: attr(1, Register),
  base: attr(
    2,
    oneOf(u32be, { llHeader: 0, networkHeader: 1, transportHeader: 2, innerHeader: 3, tunHeader: 4 }),
  ),
  /** In bytes from the base. */
  offset: attr(3, u32be),
  /** In bytes. */
  len: attr(4, u32be),
  sreg: attr(5, Register),
  csumType: attr(6, oneOf(u32be, { none: 0, inet: 1, sctp: 2 })),
  csumOffset: attr(7, u32be),
  csumFlags: attr(8, flags(u32be, { l4csumPseudohdr: 1 })),
}));
