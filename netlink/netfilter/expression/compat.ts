/**
 * `match` and `target`: extensions of iptables within a rule of nf_tables, where the step has no expression of its own
 * (enum nft_match_attributes, enum nft_target_attributes).
 */
import { attr, attrs, bytes, cstring, u32be } from "../../codec/index.ts";

export const Extension = attrs(() => ({
  name: attr(1, cstring),
  rev: attr(2, u32be),
  /** The extension's own struct, padded to 8 bytes. */
  info: attr(3, bytes),
}));
