/**
 * The types of keys and data, as `nft` names and numbers them: how a value is written, and how nft prints it.
 *
 * The kernel knows only their lengths. The numbers are nft's own (its enum datatypes) and make `nft list` show an
 * address as an address; the kernel keeps them without looking at them.
 */
import {
  address,
  type Codec,
  decode,
  encode,
  flags,
  type Infer,
  mac,
  oneOf,
  u8,
  u16be,
  u32,
} from "../codec/index.ts";
import { EncodeError } from "../errors.ts";
import { aligned } from "../wire/align.ts";
import type { Data } from "./data.ts";
import { families } from "./nfnetlink.ts";
import { statusBits } from "./status.ts";

/** A codec of values of one type. */
export interface Datatype<T> extends Codec<T> {
  /** nft's number: of a concatenation 6 bits a part, the first part uppermost. */
  readonly number: number;
  /** How many bytes a value has. */
  readonly size: number;
  /** How nft prints it; a concatenation has none, since each part has its own. */
  readonly byteorder: "host" | "network" | "none";
  /** The lengths of the parts of a concatenation in bytes, without padding. */
  readonly parts?: readonly number[];
}

function datatype<T>(
  number: number,
  size: number,
  byteorder: "host" | "network",
  codec: Codec<T>,
): Datatype<T> {
  return {
    ...codec,
    number,
    size,
    byteorder,
    write(writer, value) {
      const start = writer.position;
      codec.write(writer, value);
      const length = writer.position - start;
      if (length !== size)
        throw new EncodeError(`${codec.show(value)} has ${length} bytes where ${size} are needed`);
    },
    read: (reader) => reader.within(size, () => codec.read(reader)),
  };
}

/** Text in 16 bytes with zeros behind it (IFNAMSIZ). */
const interfaceName: Codec<string> = {
  word: "text[16]",
  write(writer, value) {
    const bytes = new TextEncoder().encode(value);
    if (bytes.length > 15)
      throw new EncodeError(`"${value}" is longer than the 15 bytes of an interface's name`);
    const start = writer.position;
    writer.put(bytes);
    writer.take(16 - (writer.position - start));
  },
  read: (reader) => new TextDecoder().decode(reader.copy(reader.left)).replace(/\0.*$/s, ""),
  show: (value) => JSON.stringify(value),
  sample: (random) => `eth${random.below(1000)}`,
};

const sampled = <T>(codec: Codec<T>, sample: Codec<T>["sample"]): Codec<T> => ({ ...codec, sample });

export const nfProto = datatype(2, 1, "host", oneOf(u8, families));
export const ipv4Addr = datatype(
  7,
  4,
  "network",
  sampled(address, (random) => [...random.bytes(4)].join(".")),
);
export const ipv6Addr = datatype(
  8,
  16,
  "network",
  sampled(address, (random) => `fd00::${(1 + random.below(0xffff)).toString(16)}`),
);
export const etherAddr = datatype(9, 6, "network", mac);
/** What a frame carries (linux/if_ether.h). */
export const etherType = datatype(
  10,
  2,
  "network",
  oneOf(u16be, { ip: 0x0800, arp: 0x0806, ip6: 0x86dd, "8021q": 0x8100, "8021ad": 0x88a8 }),
);
/** Transport protocols (linux/in.h) by name, or any number. */
export const inetProto = datatype(
  12,
  1,
  "network",
  oneOf(u8, {
    icmp: 1,
    igmp: 2,
    tcp: 6,
    udp: 17,
    gre: 47,
    esp: 50,
    ah: 51,
    icmpv6: 58,
    sctp: 132,
    udplite: 136,
  }),
);
/** A port. */
export const inetService = datatype(13, 2, "network", u16be);
export const mark = datatype(19, 4, "host", u32);
/** The index of an interface. */
export const ifaceIndex = datatype(20, 4, "host", u32);
/** What a packet is to its connection (NF_CT_STATE_BIT, linux/netfilter/nf_conntrack_common.h). */
export const ctState = datatype(
  26,
  4,
  "host",
  flags(u32, { invalid: 1, established: 2, related: 4, new: 8, untracked: 64 }),
);
export const ctStatus = datatype(28, 4, "host", flags(u32, statusBits));
/** Kinds of ICMPv6 message (RFC 4443, RFC 4861). */
export const icmpv6Type = datatype(
  29,
  1,
  "network",
  oneOf(u8, {
    "destination-unreachable": 1,
    "packet-too-big": 2,
    "time-exceeded": 3,
    "parameter-problem": 4,
    "echo-request": 128,
    "echo-reply": 129,
    "nd-router-solicit": 133,
    "nd-router-advert": 134,
    "nd-neighbor-solicit": 135,
    "nd-neighbor-advert": 136,
    "nd-redirect": 137,
  }),
);
/** What kind of destination an address is to this host (RTN_*, linux/rtnetlink.h). */
export const fibAddrtype = datatype(
  38,
  4,
  "host",
  oneOf(u32, {
    unspec: 0,
    unicast: 1,
    local: 2,
    broadcast: 3,
    anycast: 4,
    multicast: 5,
    blackhole: 6,
    unreachable: 7,
    prohibit: 8,
  }),
);
export const ifname = datatype(41, 16, "host", interfaceName);

/** The number that a verdict has as the type of a verdict map's data (NFT_DATA_VERDICT). */
export const VERDICT_TYPE = 0xffffff00;

type Values<T extends readonly Datatype<unknown>[]> = { -readonly [K in keyof T]: Infer<T[K]> };

/** Several values one after another, each padded to 4 bytes: `concatenation(ipv4Addr, inetProto, inetService)`. */
export function concatenation<const T extends readonly Datatype<unknown>[]>(
  ...parts: T
): Datatype<Values<T>> {
  let [number, size] = [0, 0];
  for (const part of parts) {
    number = number * 64 + part.number;
    size += aligned(part.size);
  }
  const codec: Datatype<unknown[]> = {
    word: `concatenation(${parts.map(({ word }) => word).join(", ")})`,
    number,
    size,
    byteorder: "none",
    parts: parts.map(({ size }) => size),
    write(writer, values) {
      if (values.length !== parts.length) {
        throw new EncodeError(`${values.length} values for a concatenation of ${parts.length}`);
      }
      for (const [index, part] of parts.entries()) {
        writer.under(index, () => part.write(writer, values[index]));
        writer.take(aligned(part.size) - part.size);
      }
    },
    read: (reader) =>
      parts.map((part) => {
        const value = part.read(reader);
        reader.take(aligned(part.size) - part.size);
        return value;
      }),
    show: (values) => parts.map((part, index) => part.show(values[index])).join(" . "),
    sample: (random) => parts.map((part) => part.sample(random)),
  };
  return codec as Datatype<unknown> as Datatype<Values<T>>;
}

/** A value of a type, as keys and data of elements hold it. @throws EncodeError */
export const dataOf = <T>(type: Datatype<T>, value: T): { value: Uint8Array } => ({
  value: encode(type, value),
});

/** The value of a type that a key or data holds. @throws DecodeError when it holds a verdict or another length */
export const valueIn = <T>(type: Datatype<T>, data: Data): T => decode(type, data.value ?? new Uint8Array());
