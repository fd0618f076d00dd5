/** Values as nf_tables compares and stores them: bytes, or a verdict on the packet. */
import { attr, attrs, bytes, cstring, type Infer, oneOf, s32be, u32be } from "../codec/index.ts";
import { nested } from "./nfnetlink.ts";

/**
 * A register: 0 takes a verdict; 1 to 4 are 16 bytes each; 8 to 23 are the same memory in pieces of 4 bytes, so that 1
 * begins where 8 does, 2 where 12 does, and so on (enum nft_registers).
 */
export const Register = u32be;

/** The register that begins `slot` pieces of 4 bytes into the memory, by the name that the kernel gives it. */
export const registerAt = (slot: number): number => (slot % 4 === 0 ? 1 + slot / 4 : 8 + slot);

/** What becomes of a packet (NF_* in linux/netfilter.h, enum nft_verdicts). */
export const verdictCodes = {
  drop: 0,
  accept: 1,
  stolen: 2,
  queue: 3,
  repeat: 4,
  stop: 5,
  continue: -1,
  break: -2,
  jump: -3,
  goto: -4,
  return: -5,
} as const;

/** enum nft_verdict_attributes. */
export const Verdict = attrs(() => ({
  code: attr(1, oneOf(s32be, verdictCodes)),
  /** Where `jump` and `goto` lead. */
  chain: attr(2, cstring),
  chainId: attr(3, u32be),
}));
export type Verdict = Infer<typeof Verdict>;

/** Either bytes or a verdict (enum nft_data_attributes). */
export const Data = attrs(() => ({
  value: attr(1, bytes),
  verdict: nested(2, Verdict),
}));
export type Data = Infer<typeof Data>;
