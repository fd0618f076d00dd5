/** C structs: of fixed members, padded, and growing with the kernel's versions. */
import { describe, expect, test } from "bun:test";
import {
  array,
  decode,
  encode,
  growing,
  padding,
  rest,
  s32,
  struct,
  u8,
  u16,
  u16be,
  u32,
  u64,
} from "../../netlink/codec/index.ts";
import { DecodeError, EncodeError } from "../../netlink/errors.ts";
import { hex } from "../bytes.ts";
import { expectBothWays } from "./both-ways.ts";

/** struct ifinfomsg (linux/rtnetlink.h). */
const LinkHeader = struct({ family: u8, pad: padding(1), type: u16, index: s32, flags: u32, change: u32 });

describe("struct", () => {
  test("is its members one after another, padding left out of the value", () => {
    expectBothWays(
      LinkHeader,
      { family: 0, type: 772, index: 1, flags: 0x10049, change: 0 },
      `00  00        # family, padding
       04 03         # ARPHRD_LOOPBACK
       01 00 00 00   # index
       49 00 01 00   # IFF_UP, LOOPBACK, RUNNING, LOWER_UP
       00 00 00 00`,
    );
  });

  test("knows its size when its members do", () => {
    expect([LinkHeader.size, struct({ one: LinkHeader, other: u8 }).size]).toEqual([16, 17]);
  });

  test("does not look at padding", () => {
    expect(decode(struct({ pad: padding(3), value: u8 }), hex("de ad be 07"))).toEqual({ value: 7 });
  });

  test("may hold structs", () => {
    const Range = struct({ from: struct({ port: u16be }), to: struct({ port: u16be }) });
    expectBothWays(Range, { from: { port: 80 }, to: { port: 443 } }, "00 50 01 bb");
  });

  test("that is cut off names the member", () => {
    expect(() => decode(LinkHeader, hex("00 00 0403 0100"))).toThrow("index: needs 4 bytes, 2 left (byte 4)");
  });

  test("that is too long has bytes left over", () => {
    expect(() => decode(struct({ value: u8 }), hex("07 08 09"))).toThrow("2 bytes left over (byte 1)");
  });

  test("names the member that is out of range, or missing", () => {
    const Pair = struct({ range: struct({ from: u8, to: u8 }) });
    expect(() => encode(Pair, { range: { from: 1, to: 256 } })).toThrow("range.to: 256 is not a u8");
    const missing = { range: { from: 1 } } as { range: { from: number; to: number } };
    expect(() => encode(Pair, missing)).toThrow("range.to: undefined is not a u8");
  });
});

describe("growing", () => {
  /** struct rta_cacheinfo as it may have been when it was younger. */
  const CacheInfo = growing({ references: u32, lastUse: u32, expires: s32 });

  test("has all members when the kernel sends them", () => {
    const value = { references: 1, lastUse: 2, expires: -1 };
    expectBothWays(CacheInfo, value, "01000000 02000000 ffffffff");
  });

  test("ends where an older kernel's does", () => {
    expectBothWays(CacheInfo, { references: 1, lastUse: 2 }, "01000000 02000000");
    expectBothWays(CacheInfo, {}, "");
  });

  test("keeps the members of a newer kernel, and writes them back", () => {
    const bytes = "01000000 02000000 ffffffff 0a0b0c0d 0e";
    const value = { references: 1, lastUse: 2, expires: -1, [rest]: hex("0a0b0c0d 0e") };
    expectBothWays(CacheInfo, value, bytes);
  });

  test("keeps half a member as it is", () => {
    expectBothWays(CacheInfo, { references: 1, [rest]: hex("02 00") }, "01000000 0200");
  });

  test("cannot leave out a member that has others behind it", () => {
    expect(() => encode(CacheInfo, { references: 1, expires: 3 })).toThrow(
      new EncodeError("cannot be there without lastUse").inside("expires"),
    );
  });

  test("names the member that is out of range", () => {
    expect(() => encode(CacheInfo, { references: -1 })).toThrow("references: -1 is not a u32");
  });
});

describe("array", () => {
  test("is elements of one size, as many as there are bytes", () => {
    expectBothWays(array(u64), [1n, 2n], "0100000000000000 0200000000000000");
    expectBothWays(
      array(struct({ from: u16, to: u16 }) as never),
      [{ from: 1, to: 2 }] as never,
      "0100 0200",
    );
    expectBothWays(array(u32), [], "");
  });

  test("that ends inside an element has bytes left over", () => {
    expect(() => decode(array(u16), hex("01 00 02"))).toThrow(new DecodeError("1 byte left over", 2));
  });

  test("names the element that is out of range", () => {
    expect(() => encode(array(u8), [1, 2, 256])).toThrow("2: 256 is not a u8");
  });
});
