/** The state of a tracked connection, as conntrack tells it and `ct status` of a rule asks for it. */

/** IPS_* of linux/netfilter/nf_conntrack_common.h. */
export const statusBits = {
  expected: 1,
  seenReply: 2,
  assured: 4,
  confirmed: 8,
  srcNat: 16,
  dstNat: 32,
  seqAdjust: 64,
  srcNatDone: 128,
  dstNatDone: 256,
  dying: 512,
  fixedTimeout: 1024,
  template: 2048,
  untracked: 4096,
  helper: 8192,
  offload: 16384,
  hwOffload: 32768,
} as const;
