/** The ways onward of a route: gateways of any family (struct rtvia), and several of them (struct rtnexthop). */
import {
  address,
  attr,
  bytes,
  type Codec,
  flags,
  type Infer,
  type InferInput,
  mac,
  message,
  oneOf,
  s32,
  struct,
  u8,
  u16,
  u32,
} from "../codec/index.ts";
import { DecodeError, EncodeError } from "../errors.ts";
import { isAddress } from "../wire/address.ts";
import { aligned } from "../wire/align.ts";
import { families } from "./names.ts";

/** An IP address, or, for labels' routes (MPLS), a link-layer address. */
const anyAddress: Codec<string> = {
  ...address,
  word: "anyAddress",
  write: (writer, value) => (isAddress(value) ? address : mac).write(writer, value),
  read: (reader) => (reader.left === 4 || reader.left === 16 ? address : mac).read(reader),
};

/** RTA_VIA: a gateway of another family than the route's. */
export const Via = struct({ family: oneOf(u16, families), addr: anyAddress });

/** RTNH_F_*; in struct rtmsg they share `flags` with RTM_F_*. */
export const nextHopFlags = {
  dead: 1,
  pervasive: 2,
  /** The gateway is reached by the link even if no address says so. */
  onlink: 4,
  offload: 8,
  linkdown: 16,
  unresolved: 32,
  trap: 64,
} as const;

/** LWTUNNEL_ENCAP_* (linux/lwtunnel.h). What RTA_ENCAP holds for each is kept as it came. */
export const EncapType = oneOf(u16, {
  none: 0,
  mpls: 1,
  ip: 2,
  ila: 3,
  ip6: 4,
  seg6: 5,
  bpf: 6,
  seg6Local: 7,
  rpl: 8,
  ioam6: 9,
  xfrm: 10,
});

/** One of several next hops, without the length in front. */
const NextHop = message(
  {
    flags: flags(u8, nextHopFlags),
    /** The weight less one. */
    hops: u8,
    /** Index of the link. */
    ifindex: s32,
  },
  () => ({
    gateway: attr(5, address),
    flow: attr(11, u32),
    via: attr(18, Via),
    newdst: attr(19, bytes),
    encapType: attr(21, EncapType),
    ttlPropagate: attr(26, u8),
  }),
);
export type NextHop = Infer<typeof NextHop>;
export type NextHopInput = InferInput<typeof NextHop>;

const LENGTH = 2;

/** RTA_MULTIPATH: next hops one after another, each with its length in front. */
export const NextHops: Codec<readonly NextHop[], readonly NextHopInput[]> = {
  word: "nextHops",
  composite: true,
  write(writer, hops) {
    hops.forEach((hop, index) => {
      const start = writer.take(LENGTH);
      try {
        writer.nested(() => NextHop.write(writer, hop));
      } catch (error) {
        throw error instanceof EncodeError ? error.inside(index) : error;
      }
      writer.view.setUint16(start, writer.position - start, true);
    });
  },
  read(reader) {
    const hops: NextHop[] = [];
    while (reader.left > 0) {
      const start = reader.take(LENGTH);
      const length = reader.view.getUint16(start, true);
      if (length < LENGTH)
        throw new DecodeError("a next hop is shorter than its header", start).inside(hops.length);
      try {
        hops.push(
          reader.under(String(hops.length), () => reader.within(length - LENGTH, () => NextHop.read(reader))),
        );
      } catch (error) {
        throw error instanceof DecodeError ? error.inside(hops.length) : error;
      }
      reader.position = Math.min(aligned(reader.position), reader.end);
    }
    return hops;
  },
  show: (hops) => `[${hops.map((hop) => NextHop.show(hop)).join(", ")}]`,
  sample: (random) => random.several(2, () => NextHop.sample(random)),
};
