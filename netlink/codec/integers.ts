/** Integers: host byte order, which is little endian wherever Bun runs, and network byte order (`be`). */
import { EncodeError } from "../errors.ts";
import type { Reader } from "../wire/reader.ts";
import type { Writer } from "../wire/writer.ts";
import type { Codec } from "./codec.ts";
import type { Random } from "./random.ts";

type Width = 1 | 2 | 4;

function outOfRange(word: string, value: unknown): never {
  throw new EncodeError(`${String(value)} is not a ${word}`);
}

function integer(
  word: string,
  size: Width,
  signed: boolean,
  get: (view: DataView, offset: number) => number,
  set: (view: DataView, offset: number, value: number) => void,
): Codec<number> & { readonly size: number } {
  const span = 2 ** (8 * size);
  const lowest = signed ? -span / 2 : 0;
  const highest = lowest + span - 1;
  return {
    word,
    size,
    write(writer: Writer, value: number): void {
      if (!(value >= lowest && value <= highest) || !Number.isInteger(value)) outOfRange(word, value);
      const offset = writer.take(size);
      set(writer.view, offset, value);
    },
    read(reader: Reader): number {
      return get(reader.view, reader.take(size));
    },
    show: (value) => String(value),
    sample: (random: Random) => lowest + (random.next() % span),
  };
}

/** Unsigned, 1 byte. */
export const u8 = integer(
  "u8",
  1,
  false,
  (v, o) => v.getUint8(o),
  (v, o, x) => v.setUint8(o, x),
);
/** Unsigned, 2 bytes, host order. */
export const u16 = integer(
  "u16",
  2,
  false,
  (v, o) => v.getUint16(o, true),
  (v, o, x) => v.setUint16(o, x, true),
);
/** Unsigned, 4 bytes, host order. */
export const u32 = integer(
  "u32",
  4,
  false,
  (v, o) => v.getUint32(o, true),
  (v, o, x) => v.setUint32(o, x, true),
);
/** Signed, 1 byte. */
export const s8 = integer(
  "s8",
  1,
  true,
  (v, o) => v.getInt8(o),
  (v, o, x) => v.setInt8(o, x),
);
/** Signed, 2 bytes, host order. */
export const s16 = integer(
  "s16",
  2,
  true,
  (v, o) => v.getInt16(o, true),
  (v, o, x) => v.setInt16(o, x, true),
);
/** Signed, 4 bytes, host order. */
export const s32 = integer(
  "s32",
  4,
  true,
  (v, o) => v.getInt32(o, true),
  (v, o, x) => v.setInt32(o, x, true),
);
/** Unsigned, 2 bytes, network order. */
export const u16be = integer(
  "u16be",
  2,
  false,
  (v, o) => v.getUint16(o),
  (v, o, x) => v.setUint16(o, x),
);
/** Unsigned, 4 bytes, network order. */
export const u32be = integer(
  "u32be",
  4,
  false,
  (v, o) => v.getUint32(o),
  (v, o, x) => v.setUint32(o, x),
);
/** Signed, 2 bytes, network order. */
export const s16be = integer(
  "s16be",
  2,
  true,
  (v, o) => v.getInt16(o),
  (v, o, x) => v.setInt16(o, x),
);
/** Signed, 4 bytes, network order. */
export const s32be = integer(
  "s32be",
  4,
  true,
  (v, o) => v.getInt32(o),
  (v, o, x) => v.setInt32(o, x),
);

function wide(
  word: string,
  signed: boolean,
  littleEndian: boolean,
): Codec<bigint> & { readonly size: number } {
  const fits = signed
    ? (value: bigint) => BigInt.asIntN(64, value)
    : (value: bigint) => BigInt.asUintN(64, value);
  return {
    word,
    size: 8,
    write(writer: Writer, value: bigint): void {
      if (typeof value !== "bigint" || fits(value) !== value) outOfRange(word, value);
      const offset = writer.take(8);
      // Two's complement: the same bits whether the value is signed or not.
      writer.view.setBigInt64(offset, value, littleEndian);
    },
    read(reader: Reader): bigint {
      const offset = reader.take(8);
      return signed
        ? reader.view.getBigInt64(offset, littleEndian)
        : reader.view.getBigUint64(offset, littleEndian);
    },
    show: (value) => String(value),
    sample: (random: Random) => fits((BigInt(random.next()) << 32n) | BigInt(random.next())),
  };
}

/** Unsigned, 8 bytes, host order. */
export const u64 = wide("u64", false, true);
/** Signed, 8 bytes, host order. */
export const s64 = wide("s64", true, true);
/** Unsigned, 8 bytes, network order. */
export const u64be = wide("u64be", false, false);
/** Signed, 8 bytes, network order. */
export const s64be = wide("s64be", true, false);

const U32_SPAN = 1n << 32n;

/** Unsigned, host order, in 4 bytes if it fits them and in 8 if not (NLA_UINT). */
export const uint: Codec<bigint> = {
  word: "uint",
  write(writer, value) {
    if (value >= 0n && value < U32_SPAN) u32.write(writer, Number(value));
    else u64.write(writer, value);
  },
  read: (reader) => (reader.left < 8 ? BigInt(u32.read(reader)) : u64.read(reader)),
  show: (value) => String(value),
  sample: (random) => (random.once(2) ? BigInt(u32.sample(random)) : u64.sample(random)),
};

/** A truth value in one byte. */
export const bool: Codec<boolean> & { readonly size: number } = {
  word: "bool",
  size: 1,
  write: (writer, value) => u8.write(writer, value ? 1 : 0),
  read: (reader) => u8.read(reader) !== 0,
  show: (value) => String(value),
  sample: (random) => random.once(2),
};

/** An attribute without a payload: it is there, or it is not. */
export const flag: Codec<true> = {
  word: "flag",
  size: 0,
  write: () => undefined,
  read: () => true,
  show: () => "yes",
  sample: () => true,
};
