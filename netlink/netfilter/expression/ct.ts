/** `ct`: what conntrack knows of the packet's connection, loaded or set (enum nft_ct_attributes). */
import { attr, attrs, oneOf, u8, u32be } from "../../codec/index.ts";
import { Register } from "../data.ts";

/** enum nft_ct_keys. */
export const ctKeys = {
  state: 0,
  direction: 1,
  status: 2,
  mark: 3,
  secmark: 4,
  expiration: 5,
  helper: 6,
  l3protocol: 7,
  src: 8,
  dst: 9,
  protocol: 10,
  protoSrc: 11,
  protoDst: 12,
  labels: 13,
  pkts: 14,
  bytes: 15,
  avgpkt: 16,
  zone: 17,
  eventmask: 18,
  srcIp: 19,
  dstIp: 20,
  srcIp6: 21,
  dstIp6: 22,
  id: 23,
} as const;

export const Ct = attrs(() => ({
  dreg: attr(1, Register),
  key: attr(2, oneOf(u32be, ctKeys)),
  /** enum ip_conntrack_dir. */
  direction: attr(3, oneOf(u8, { original: 0, reply: 1 })),
  sreg: attr(4, Register),
}));
