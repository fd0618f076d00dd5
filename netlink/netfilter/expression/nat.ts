/** `nat`, `masq` and `redir`: addresses and ports of a connection translated. */
import { attr, attrs, flags, oneOf, u32be } from "../../codec/index.ts";
import { Register } from "../data.ts";
import { families } from "../nfnetlink.ts";

/** NF_NAT_RANGE_* of linux/netfilter/nf_nat.h. */
export const NatFlags = flags(u32be, {
  mapIps: 1,
  protoSpecified: 2,
  protoRandom: 4,
  persistent: 8,
  protoRandomFully: 16,
  protoOffset: 32,
  netmap: 64,
});

/** Source or destination (enum nft_nat_attributes). */
export const Nat = attrs(() => ({
  type: attr(1, oneOf(u32be, { snat: 0, dnat: 1 })),
  family: attr(2, oneOf(u32be, families)),
  regAddrMin: attr(3, Register),
  regAddrMax: attr(4, Register),
  regProtoMin: attr(5, Register),
  regProtoMax: attr(6, Register),
  flags: attr(7, NatFlags),
}));

/** The source becomes the address of the interface that the packet leaves by (enum nft_masq_attributes). */
export const Masq = attrs(() => ({
  flags: attr(1, NatFlags),
  regProtoMin: attr(2, Register),
  regProtoMax: attr(3, Register),
}));

/** The destination becomes this host (enum nft_redir_attributes). */
export const Redir = attrs(() => ({
  regProtoMin: attr(1, Register),
  regProtoMax: attr(2, Register),
  flags: attr(3, NatFlags),
}));
