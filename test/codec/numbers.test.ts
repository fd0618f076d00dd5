/** Integers, truth values, names of numbers and of bits. */
import { describe, expect, test } from "bun:test";
import {
  bitfield,
  bool,
  type Codec,
  decode,
  encode,
  flag,
  flags,
  oneOf,
  s8,
  s16,
  s16be,
  s32,
  s32be,
  s64,
  s64be,
  u8,
  u16,
  u16be,
  u32,
  u32be,
  u64,
  u64be,
  uint,
} from "../../netlink/codec/index.ts";
import { DecodeError, EncodeError } from "../../netlink/errors.ts";
import { hex } from "../bytes.ts";
import { expectBothWays } from "./both-ways.ts";

describe("an integer has the width, sign and byte order of its name", () => {
  const numbers: [codec: Codec<number>, value: number, bytes: string][] = [
    [u8, 0xfe, "fe"],
    [s8, -2, "fe"],
    [u16, 0x0102, "02 01"],
    [u16be, 0x0102, "01 02"],
    [s16, -2, "fe ff"],
    [s16be, -2, "ff fe"],
    [u32, 0xff020304, "04 03 02 ff"],
    [u32be, 0xff020304, "ff 02 03 04"],
    [s32, -2, "fe ff ff ff"],
    [s32be, -2, "ff ff ff fe"],
  ];
  test.each(numbers.map((row) => [row[0].word, ...row] as const))("%s", (_, codec, value, bytes) => {
    expectBothWays(codec, value, bytes);
  });

  const bigNumbers: [codec: Codec<bigint>, value: bigint, bytes: string][] = [
    [u64, 0xff02030405060708n, "08 07 06 05 04 03 02 ff"],
    [u64be, 0xff02030405060708n, "ff 02 03 04 05 06 07 08"],
    [s64, -2n, "fe ff ff ff ff ff ff ff"],
    [s64be, -2n, "ff ff ff ff ff ff ff fe"],
    [uint, 0xffffffffn, "ff ff ff ff"],
    [uint, 0x100000000n, "00 00 00 00 01 00 00 00"],
  ];
  test.each(bigNumbers.map((row) => [row[0].word, ...row] as const))("%s", (_, codec, value, bytes) => {
    expectBothWays(codec, value, bytes);
  });
});

describe("an integer out of range is refused", () => {
  const limits: [codec: Codec<number>, lowest: number, highest: number][] = [
    [u8, 0, 255],
    [s8, -128, 127],
    [u16, 0, 65535],
    [u16be, 0, 65535],
    [s16, -32768, 32767],
    [s16be, -32768, 32767],
    [u32, 0, 4294967295],
    [u32be, 0, 4294967295],
    [s32, -2147483648, 2147483647],
    [s32be, -2147483648, 2147483647],
  ];
  test.each(limits.map((row) => [row[0].word, ...row] as const))("%s", (word, codec, lowest, highest) => {
    for (const value of [lowest, highest]) expect(decode(codec, encode(codec, value))).toBe(value);
    for (const value of [lowest - 1, highest + 1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => encode(codec, value)).toThrow(new EncodeError(`${value} is not a ${word}`));
  });

  const bigLimits: [codec: Codec<bigint>, lowest: bigint, highest: bigint][] = [
    [u64, 0n, 2n ** 64n - 1n],
    [u64be, 0n, 2n ** 64n - 1n],
    [s64, -(2n ** 63n), 2n ** 63n - 1n],
    [s64be, -(2n ** 63n), 2n ** 63n - 1n],
    [uint, 0n, 2n ** 64n - 1n],
  ];
  test.each(bigLimits.map((row) => [row[0].word, ...row] as const))("%s", (_, codec, lowest, highest) => {
    for (const value of [lowest, highest]) expect(decode(codec, encode(codec, value))).toBe(value);
    for (const value of [lowest - 1n, highest + 1n]) expect(() => encode(codec, value)).toThrow(EncodeError);
  });

  test("and so is what is no number at all", () => {
    for (const value of ["5", null, undefined, 5n])
      expect(() => encode(u8, value as unknown as number)).toThrow(new EncodeError(`${value} is not a u8`));
    expect(() => encode(u64, 5 as unknown as bigint)).toThrow(new EncodeError("5 is not a u64"));
  });
});

describe("an integer that is cut off says what is missing", () => {
  test.each(
    [
      [u8, "", "needs 1 byte, 0 left (byte 0)"],
      [u16be, "01", "needs 2 bytes, 1 left (byte 0)"],
      [u32, "010203", "needs 4 bytes, 3 left (byte 0)"],
      [s64, "01020304 050607", "needs 8 bytes, 7 left (byte 0)"],
      [uint, "010203", "needs 4 bytes, 3 left (byte 0)"],
    ].map((row) => [(row[0] as Codec<unknown>).word, ...row] as [string, Codec<unknown>, string, string]),
  )("%s", (_, codec, bytes, message) => {
    expect(() => decode(codec, hex(bytes))).toThrow(message);
  });

  test("and what is behind one is left over", () => {
    expect(() => decode(u16, hex("0102 03"))).toThrow(new DecodeError("1 byte left over", 2));
  });
});

describe("bool", () => {
  test("is one byte, 1 or 0", () => {
    expectBothWays(bool, true, "01");
    expectBothWays(bool, false, "00");
  });

  test("is true of any byte but 0", () => {
    expect(decode(bool, hex("ff"))).toBe(true);
  });
});

test("flag has no bytes", () => {
  expectBothWays(flag, true, "");
});

describe("oneOf", () => {
  const OperState = oneOf(u8, { unknown: 0, down: 2, up: 6 });

  test("gives a number its name", () => {
    expectBothWays(OperState, "up", "06");
  });

  test("keeps a number without a name", () => {
    expectBothWays(OperState, 200, "c8");
  });

  test("takes the number of a name as well", () => {
    expect(encode(OperState, 6)).toEqual(hex("06"));
  });

  test("refuses a name that it does not have, and says which it has", () => {
    const wrong = "away" as "up";
    expect(() => encode(OperState, wrong)).toThrow(new EncodeError('"away" is none of unknown, down, up'));
  });

  test.each(["__proto__", "constructor", "toString", "hasOwnProperty"])("does not know %s", (name) => {
    expect(() => encode(OperState, name as "up")).toThrow(EncodeError);
  });

  test("refuses a number that does not fit its width", () => {
    expect(() => encode(OperState, 256)).toThrow(new EncodeError("256 is not a u8"));
  });
});

describe("flags", () => {
  const LinkFlags = flags(u32, { up: 1, broadcast: 2, promisc: 0x100, echo: 0x40000 });

  test("are the names of the bits that are set, the lowest first", () => {
    expectBothWays(LinkFlags, ["up", "promisc", "echo"], "01 01 04 00");
    expect(encode(LinkFlags, ["echo", "up", "promisc"])).toEqual(hex("01 01 04 00"));
  });

  test("are none when no bit is set", () => {
    expectBothWays(LinkFlags, [], "00 00 00 00");
  });

  test("keep bits without a name as numbers", () => {
    expectBothWays(LinkFlags, ["up", 0x1000, 0x80000000], "01 10 00 80");
  });

  test("may be in network order", () => {
    expectBothWays(flags(u16be, { first: 0x8000 }), ["first"], "80 00");
  });

  test("refuse a bit that does not fit their width", () => {
    expect(() => encode(flags(u8, { up: 1 }), ["up", 0x100])).toThrow(new EncodeError("257 is not a u8"));
    for (const bit of [2 ** 32, 2 ** 40 + 1, -1, 0.5, Number.NaN])
      expect(() => encode(LinkFlags, [bit])).toThrow(new EncodeError(`${bit} is not a bit of a u32`));
  });

  test.each(["down", "__proto__", "constructor"])("refuse the name %s", (name) => {
    expect(() => encode(LinkFlags, [name as "up"])).toThrow(
      `"${name}" is none of up, broadcast, promisc, echo`,
    );
  });

  test("cannot be changed by who reads them, since others read the same", () => {
    const read = decode(LinkFlags, hex("01 00 00 00")) as string[];
    expect(() => read.push("promisc")).toThrow(TypeError);
  });

  test("are right for a hundred combinations, of which not all are remembered", () => {
    const all = Object.fromEntries(Array.from({ length: 7 }, (_, bit) => [`bit${bit}`, 1 << bit]));
    const codec = flags(u8, all);
    for (const round of [1, 2]) {
      for (let bits = 0; bits < 128; bits++) {
        const names = Object.keys(all).filter((_, bit) => bits & (1 << bit));
        expect([round, decode(codec, Uint8Array.of(bits))]).toEqual([round, names]);
      }
    }
  });
});

test("a bitfield is bits and the selector of those that are meant (struct nla_bitfield32)", () => {
  const Flags = bitfield({ skipHw: 1, skipSw: 2 });
  expectBothWays(Flags, { value: ["skipSw"], selector: ["skipHw", "skipSw"] }, "02000000 03000000");
});
