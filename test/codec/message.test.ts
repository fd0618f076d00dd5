/** Messages: a fixed header, then attributes, in one flat object. */
import { describe, expect, test } from "bun:test";
import {
  attr,
  cstring,
  decode,
  encode,
  flags,
  message,
  oneOf,
  padding,
  s32,
  summary,
  u8,
  u16,
  u32,
  unknown,
} from "../../netlink/codec/index.ts";
import { hex } from "../bytes.ts";
import { expectBothWays } from "./both-ways.ts";

/** struct ifinfomsg and two of its attributes. */
const Link = message(
  {
    family: oneOf(u8, { unspec: 0, bridge: 7 }),
    pad: padding(1),
    type: u16,
    index: s32,
    flags: flags(u32, { up: 1 }),
    change: u32,
  },
  { ifname: attr(3, cstring), mtu: attr(4, u32) },
);

const HEADER = "00 00 0403 01000000 01000000 00000000";

test("a message is its header and its attributes", () => {
  expectBothWays(
    Link,
    { family: "unspec", type: 772, index: 1, flags: ["up"], change: 0, ifname: "lo", mtu: 65536 },
    `${HEADER}  0700 0300 6c6f 00 00  0800 0400 00000100`,
  );
});

test("what is left out of the header is zero", () => {
  expect(encode(Link, { index: 1, mtu: 1500 })).toEqual(
    hex("00 00 0000 01000000 00000000 00000000  0800 0400 dc050000"),
  );
});

test("a header may stand anywhere in the value, attributes keep their order", () => {
  expect(encode(Link, { mtu: 1500, index: 1, ifname: "lo" })).toEqual(
    hex("00 00 0000 01000000 00000000 00000000  0800 0400 dc050000  0700 0300 6c6f 00 00"),
  );
});

test("attributes without a row are written back to their places behind the header", () => {
  const wire = hex(`${HEADER}  0500 6400 01000000  0700 0300 6c6f 00 00  0500 6500 02000000`);
  const read = decode(Link, wire);
  expect(read[unknown]?.map(({ type }) => type)).toEqual([100, 101]);
  expect(encode(Link, read)).toEqual(wire);
});

test("a header that is no multiple of four bytes is filled up", () => {
  /** struct rtgenmsg, and IFLA_EXT_MASK. */
  const General = message({ family: u8 }, { extMask: attr(29, u32) });
  expectBothWays(General, { family: 17, extMask: 1 }, "11 000000  0800 1d00 01000000");
  expect(decode(General, hex("11"))).toEqual({ family: 17 });
});

test("a summary reads the attributes that it names, and passes all others over", () => {
  const Summary = summary({ family: u8, pad: padding(3) }, { mtu: attr(4, u32) });
  const wire = hex("00 000000  0700 0300 6c6f 00 00  0800 0400 00000100  0500 6400 01000000");
  const read = decode(Summary, wire);
  expect(read).toEqual({ family: 0, mtu: 65536 });
  expect(Reflect.ownKeys(read)).toEqual(["family", "mtu"]);
  expect(() => decode(Summary, hex("00 000000  0900 0300 6c6f 00 00"))).toThrow(
    "needs 5 bytes, 4 left (byte 8)",
  );
});

describe("an error", () => {
  test("in the header names its member", () => {
    expect(() => encode(Link, { index: 2 ** 31 })).toThrow("index: 2147483648 is not a s32");
    expect(() => encode(Link, { flags: ["down" as "up"] })).toThrow('flags: "down" is none of up');
    expect(() => decode(Link, hex("00 00 0403 0100"))).toThrow("index: needs 4 bytes, 2 left (byte 4)");
  });

  test("in an attribute counts from the beginning of the header", () => {
    expect(() => decode(Link, hex(`${HEADER} 0600 0400 dc05 0000`))).toThrow(
      "mtu: needs 4 bytes, 2 left (byte 20)",
    );
  });
});
