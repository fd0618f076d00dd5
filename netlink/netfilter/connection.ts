/** Tracked connections as the kernel tells of them (enum ctattr_type, linux/netfilter/nfnetlink_conntrack.h). */
import {
  address,
  attr,
  attrs,
  bytes,
  cstring,
  flags,
  type Infer,
  type InferInput,
  message,
  nest,
  oneOf,
  struct,
  u8,
  u16be,
  u32,
  u32be,
  u64be,
} from "../codec/index.ts";
import { header } from "./nfnetlink.ts";
import { statusBits } from "./status.ts";

/** The addresses and ports of one direction. */
export const Tuple = attrs(() => ({
  ip: nest(
    1,
    attrs(() => ({
      v4Src: attr(1, address),
      v4Dst: attr(2, address),
      v6Src: attr(3, address),
      v6Dst: attr(4, address),
    })),
  ),
  proto: nest(
    2,
    attrs(() => ({
      /** The protocol's number (linux/in.h): 6 is TCP, 17 UDP. */
      num: attr(1, u8),
      srcPort: attr(2, u16be),
      dstPort: attr(3, u16be),
      icmpId: attr(4, u16be),
      icmpType: attr(5, u8),
      icmpCode: attr(6, u8),
      icmpv6Id: attr(7, u16be),
      icmpv6Type: attr(8, u8),
      icmpv6Code: attr(9, u8),
    })),
  ),
  zone: attr(3, u16be),
}));
export type Tuple = Infer<typeof Tuple>;

const TcpFlags = struct({ flags: u8, mask: u8 });

const Protoinfo = attrs(() => ({
  tcp: nest(
    1,
    attrs(() => ({
      state: attr(
        1,
        oneOf(u8, {
          none: 0,
          synSent: 1,
          synRecv: 2,
          established: 3,
          finWait: 4,
          closeWait: 5,
          lastAck: 6,
          timeWait: 7,
          close: 8,
          listen: 9,
        }),
      ),
      wscaleOriginal: attr(2, u8),
      wscaleReply: attr(3, u8),
      flagsOriginal: attr(4, TcpFlags),
      flagsReply: attr(5, TcpFlags),
    })),
  ),
  dccp: nest(
    2,
    attrs(() => ({ state: attr(1, u8), role: attr(2, u8), handshakeSeq: attr(3, u64be) })),
  ),
  sctp: nest(
    3,
    attrs(() => ({ state: attr(1, u8), vtagOriginal: attr(2, u32be), vtagReply: attr(3, u32be) })),
  ),
}));

/** What a translated address and port may become. */
const Nat = attrs(() => ({
  v4Minip: attr(1, address),
  v4Maxip: attr(2, address),
  proto: nest(
    3,
    attrs(() => ({ portMin: attr(1, u16be), portMax: attr(2, u16be) })),
  ),
  v6Minip: attr(4, address),
  v6Maxip: attr(5, address),
}));

/** Kept if the sysctl nf_conntrack_acct says so. */
const Counters = attrs(() => ({
  packets: attr(1, u64be),
  bytes: attr(2, u64be),
  packets32: attr(3, u32be),
  bytes32: attr(4, u32be),
}));

const SequenceAdjustment = attrs(() => ({
  correctionPos: attr(1, u32be),
  offsetBefore: attr(2, u32be),
  offsetAfter: attr(3, u32be),
}));

/** CTA_FILTER_F_* of the kernel's nf_conntrack_netlink.c: which members of a tuple must agree. */
export const filterFlags = {
  ipSrc: 1,
  ipDst: 2,
  zone: 4,
  protoNum: 8,
  protoSrcPort: 16,
  protoDstPort: 32,
  icmpType: 64,
  icmpCode: 128,
  icmpId: 256,
  icmpv6Type: 512,
  icmpv6Code: 1024,
  icmpv6Id: 2048,
} as const;

const Status = flags(u32be, statusBits);

export const Connection = message(header, () => ({
  tupleOrig: nest(1, Tuple),
  /** As seen from the other side, after translation: its source is where the packets really went. */
  tupleReply: nest(2, Tuple),
  status: attr(3, Status),
  protoinfo: nest(4, Protoinfo),
  help: nest(
    5,
    attrs(() => ({ name: attr(1, cstring), info: attr(2, bytes) })),
  ),
  natSrc: nest(6, Nat),
  /** How long it still lives without a packet, in seconds. */
  timeout: attr(7, u32be),
  mark: attr(8, u32be),
  countersOrig: nest(9, Counters),
  countersReply: nest(10, Counters),
  use: attr(11, u32be),
  /** Tells it from a later one with the same tuples. */
  id: attr(12, u32be),
  natDst: nest(13, Nat),
  tupleMaster: nest(14, Tuple),
  seqAdjOrig: nest(15, SequenceAdjustment),
  seqAdjReply: nest(16, SequenceAdjustment),
  secmark: attr(17, u32be),
  zone: attr(18, u16be),
  secctx: nest(
    19,
    attrs(() => ({ name: attr(1, cstring) })),
  ),
  /** In nanoseconds since 1970, if the sysctl nf_conntrack_timestamp says so. */
  timestamp: nest(
    20,
    attrs(() => ({ start: attr(1, u64be), stop: attr(2, u64be) })),
  ),
  markMask: attr(21, u32be),
  labels: attr(22, bytes),
  labelsMask: attr(23, bytes),
  synproxy: nest(
    24,
    attrs(() => ({ isn: attr(1, u32be), its: attr(2, u32be), tsoff: attr(3, u32be) })),
  ),
  /** Of a request to list (Linux 5.8). These two alone are in the machine's order. */
  filter: nest(
    25,
    attrs(() => ({
      origFlags: attr(1, flags(u32, filterFlags)),
      replyFlags: attr(2, flags(u32, filterFlags)),
    })),
  ),
  statusMask: attr(26, Status),
  /** When the event happened that this message tells of, in nanoseconds since 1970 (Linux 6.14). */
  timestampEvent: attr(27, u64be),
}));
export type Connection = Infer<typeof Connection>;
export type ConnectionInput = InferInput<typeof Connection>;
