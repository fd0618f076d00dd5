/** `meta`: what the kernel knows of a packet beside its bytes, loaded or set (enum nft_meta_attributes). */
import { attr, attrs, oneOf, u32be } from "../../codec/index.ts";
import { Register } from "../data.ts";

/** enum nft_meta_keys. */
export const metaKeys = {
  len: 0,
  protocol: 1,
  priority: 2,
  mark: 3,
  iif: 4,
  oif: 5,
  iifname: 6,
  oifname: 7,
  iftype: 8,
  oiftype: 9,
  skuid: 10,
  skgid: 11,
  nftrace: 12,
  rtclassid: 13,
  secmark: 14,
  nfproto: 15,
  l4proto: 16,
  briIifname: 17,
  briOifname: 18,
  pkttype: 19,
  cpu: 20,
  iifgroup: 21,
  oifgroup: 22,
  cgroup: 23,
  prandom: 24,
  secpath: 25,
  iifkind: 26,
  oifkind: 27,
  briIifpvid: 28,
  briIifvproto: 29,
  timeNs: 30,
  timeDay: 31,
  timeHour: 32,
  sdif: 33,
  sdifname: 34,
  briBroute: 35,
} as const;

export const Meta = attrs(() => ({
  dreg: attr(1, Register),
  key: attr(2, oneOf(u32be, metaKeys)),
  sreg: attr(3, Register),
}));
