/** The arithmetic and the names of traffic control. */
import { describe, expect, test } from "bun:test";
import { decode, encode } from "../../netlink/codec/index.ts";
import { messagesIn } from "../../netlink/message/header.ts";
import { handle } from "../../netlink/route/tc/handle.ts";
import {
  rate32,
  rateTable,
  ticksPerMicrosecond,
  transmitBytes,
  transmitTicks,
  USUAL_TICKS,
} from "../../netlink/route/tc/psched.ts";
import { rateOf } from "../../netlink/route/tc/qdisc/tbf.ts";
import { Qdisc } from "../../netlink/route/tc/qdiscs.ts";
import { fixture } from "../fixtures.ts";

describe("handles", () => {
  const written: Readonly<Record<string, number>> = {
    none: 0,
    root: 0xffffffff,
    "1:": 0x10000,
    "1:10": 0x10010,
    ":5": 5,
    "ffff:": 0xffff0000,
    "ffff:fff1": 0xfffffff1,
  };
  test.each(Object.entries(written))("%s is a number, and is read from it", (text, number) => {
    const bytes = new Uint8Array(Uint32Array.of(number).buffer);
    expect(encode(handle, text)).toEqual(bytes);
    expect(decode(handle, bytes)).toBe(text);
  });

  test.each(["1", "", ":", "1:g", "10000:", "1:10000", "1:2:3", "ROOT"])("%p is no handle", (text) => {
    expect(() => encode(handle, text)).toThrow(`"${text}" is no handle such as "1:", "1:10" or "root"`);
  });
});

describe("ticks", () => {
  test("the usual kernel has 15.625 in a microsecond", () => {
    expect(ticksPerMicrosecond("000003e8 00000040 000f4240 3b9aca00\n")).toBe(USUAL_TICKS);
  });

  test("an old kernel, whose tick was a microsecond, and one whose clock counts nanoseconds", () => {
    expect(ticksPerMicrosecond("000f4240 000f4240 000f4240 000003e8")).toBe(1);
    expect(ticksPerMicrosecond("000003e8 00000040 3b9aca00 3b9aca00")).toBe(1000);
  });

  test.each(["", "1 2 3", "000003e8 00000000 000f4240 3b9aca00", "a file of another kind"])(
    "%p are no such numbers",
    (text) => {
      expect(() => ticksPerMicrosecond(text)).toThrow("is not four hexadecimal numbers");
    },
  );

  test("a time is of whole microseconds, and back again in bytes", () => {
    expect(transmitTicks(1_000_000, 200_000, USUAL_TICKS)).toBe(3_125_000);
    expect(transmitTicks(1543, 8, USUAL_TICKS)).toBe(81_000);
    expect(transmitTicks(10n ** 10n, 1 << 20, USUAL_TICKS)).toBe(1625);
    expect(transmitBytes(1_000_000, 3_125_000, USUAL_TICKS)).toBe(200_000);
  });

  test("a table's cells are as small as the longest packet allows", () => {
    expect(rateTable(1_000_000, USUAL_TICKS).cellLog).toBe(3);
    expect(rateTable(1_000_000, USUAL_TICKS, 255).cellLog).toBe(0);
    expect(rateTable(1_000_000, USUAL_TICKS, 65_536).cellLog).toBe(9);
  });

  test("a rate of more than 32 bits is the largest of 32", () => {
    expect(rate32(10n ** 10n)).toBe(0xffffffff);
    expect(rate32(7)).toBe(7);
  });
});

test.each([
  ["qdisc-tbf", 1_000_000n],
  ["qdisc-tbf-of-64-bits", 10_000_000_000n],
])("the rate of %s is read whole", (name, rate) => {
  const [message] = messagesIn(fixture("route", name).bytes).messages;
  const qdisc = decode(Qdisc, message!.body);
  expect(qdisc.kind === "tbf" && rateOf(qdisc.options ?? {})).toBe(rate);
});
