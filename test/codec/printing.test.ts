/** Values and payloads for people: `show`, and annotated dumps. */
import { describe, expect, test } from "bun:test";
import {
  address,
  annotate,
  array,
  attr,
  attrs,
  bitfield,
  bool,
  byKind,
  bytes,
  cstring,
  decode,
  flag,
  flags,
  growing,
  listOf,
  mac,
  message,
  oneOf,
  padding,
  repeated,
  s32,
  struct,
  u8,
  u16,
  u32,
} from "../../netlink/codec/index.ts";
import { hex } from "../bytes.ts";

const Link = message(
  {
    family: oneOf(u8, { unspec: 0 }),
    pad: padding(1),
    type: u16,
    index: s32,
    flags: flags(u32, { up: 1 }),
    change: u32,
  },
  {
    address: attr(1, mac),
    ifname: attr(3, cstring),
    linkinfo: attr(
      18,
      attrs({
        kind: attr(1, cstring),
        data: byKind(2, "kind", {
          vlan: attrs({
            id: attr(1, u16),
            egressQos: attr(3, attrs({ mapping: repeated(1, struct({ from: u32, to: u32 })) })),
          }),
        }),
      }),
    ),
    hidden: attr(60, flag),
  },
);

/** A vlan with priorities, an attribute that is not known, and one without a payload. */
const wire = hex(`
  00 00 0100 05000000 01000000 00000000
  0a00 0100 02000000 0001 0000
  0800 0300 76343200
  2c00 1200
    0900 0100 766c616e 00 000000
    1c00 0200
      0600 0100 2a00 0000
      1000 0300
        0c00 0100 01000000 06000000
  0400 3c00
  0700 6300 0a0b0c 00`);

describe("an annotated dump", () => {
  test("has every byte, in order, with what it means", () => {
    expect(annotate(Link, wire)).toBe(
      `
0000  00                       family unspec
0001  00                       pad
0002  01 00                    type 1
0004  05 00 00 00              index 5
0008  01 00 00 00              flags up
000c  00 00 00 00              change 0
0010  0a 00 01 00              address attribute 1, 6 bytes
0014  02 00 00 00 00 01        address 02:00:00:00:00:01
001a  00 00                    padding
001c  08 00 03 00              ifname attribute 3, 4 bytes
0020  76 34 32 00              ifname "v42"
0024  2c 00 12 00              linkinfo attribute 18, 40 bytes
0028  09 00 01 00                kind attribute 1, 5 bytes
002c  76 6c 61 6e 00             kind "vlan"
0031  00 00 00                 padding
0034  1c 00 02 00                data attribute 2, 24 bytes
0038  06 00 01 00                  id attribute 1, 2 bytes
003c  2a 00                        id 42
003e  00 00                    padding
0040  10 00 03 00                  egressQos attribute 3, 12 bytes
0044  0c 00 01 00                    mapping attribute 1, 8 bytes
0048  01 00 00 00                      from 1
004c  06 00 00 00                      to 6
0050  04 00 3c 00              hidden attribute 60, 0 bytes
0054                           hidden yes
0054  07 00 63 00              unknown 99 attribute 99, 3 bytes
0058  0a 0b 0c                 unknown 99 0a 0b 0c
005b  00                       padding`.slice(1),
    );
  });

  test("goes on over as many lines as a value takes", () => {
    expect(annotate(attrs({ alias: attr(20, cstring) }), hex(`0f00 1400 ${"61".repeat(10)} 00 00`))).toBe(
      `
0000  0f 00 14 00              alias attribute 20, 11 bytes
0004  61 61 61 61 61 61 61 61  alias "aaaaaaaaaa"
000c  61 61 00
000f  00                       padding`.slice(1),
    );
  });

  test("numbers the elements of a list", () => {
    const List = attrs({ names: attr(4, listOf(1, cstring)) });
    expect(annotate(List, hex("1400 0400  0600 0100 6100 0000  0600 0100 6200 0000"))).toBe(
      `
0000  14 00 04 00              names attribute 4, 16 bytes
0004  06 00 01 00                0 element, 2 bytes
0008  61 00                      0 "a"
000a  00 00                    padding
000c  06 00 01 00                1 element, 2 bytes
0010  62 00                      1 "b"
0012  00 00                    padding`.slice(1),
    );
  });

  test("shows the structs of an array in a struct once each", () => {
    const Keys = struct({ count: u8, pad: padding(1), keys: array(struct({ off: u8, value: u8 })) });
    expect(annotate(Keys, hex("02 00 04 aa 06 bb")).split("\n")).toEqual([
      "0000  02                       count 2",
      "0001  00                       pad",
      "0002  04                         off 4",
      "0003  aa                         value 170",
      "0004  06                         off 6",
      "0005  bb                         value 187",
    ]);
  });

  test("shows a payload that a newer kernel made longer once, as it is", () => {
    const Vlan = attrs({ flags: attr(2, struct({ flags: u16, mask: u16 })) });
    expect(annotate(Vlan, hex("0c00 0200 01000200 03000000"))).toBe(
      `
0000  0c 00 02 00              flags attribute 2, 8 bytes
0004  01 00 02 00 03 00 00 00  flags 01 00 02 00 03 00 00 00`.slice(1),
    );
  });

  test("shows the members of a newer kernel behind those that are known", () => {
    expect(annotate(growing({ packets: u16 }), hex("0100 0200"))).toBe(
      `
0000  01 00                    packets 1
0002  02 00                    unknown members 02 00`.slice(1),
    );
  });

  test("ends where the bytes cannot be read, and says why", () => {
    expect(annotate(Link, wire.slice(0, 0x4c))).toEndWith(
      `
0020  76 34 32 00              ifname "v42"
0024  2c 00 12 00              linkinfo attribute 18, 40 bytes
0028  09 00 01 00 76 6c 61 6e  cannot be read: linkinfo: needs 40 bytes, 36 left (byte 40)
0030  00 00 00 00 1c 00 02 00
0038  06 00 01 00 2a 00 00 00
0040  10 00 03 00 0c 00 01 00
0048  01 00 00 00`,
    );
  });

  test("shows what was not read at all", () => {
    expect(annotate(u8, hex("07 01020304 05"))).toBe("0000  07 01 02 03 04 05        not read");
  });
});

describe("a value is shown", () => {
  test("with a line for each attribute, two spaces further in for each nest", () => {
    expect(Link.show(decode(Link, wire))).toBe(
      `{
  family unspec
  type 1
  index 5
  flags up
  change 0
  address 02:00:00:00:00:01
  ifname "v42"
  linkinfo {
    kind "vlan"
    data {
      id 42
      egressQos {
        mapping { from 1, to 6 }
      }
    }
  }
  hidden yes
  unknown 99 0a 0b 0c
}`,
    );
  });

  test.each([
    ["an empty set", attrs({}).show({}), "{}"],
    ["no flags", flags(u8, { up: 1 }).show([]), "none"],
    ["flags, also those without a name", flags(u32, { up: 1 }).show(["up", 0x40000]), "up 0x40000"],
    ["a number without a name", oneOf(u8, { up: 1 }).show(7), "7"],
    ["a truth value", bool.show(false), "false"],
    ["an address", address.show("fd00::1"), "fd00::1"],
    ["text that would disturb a terminal", cstring.show("a\n\u001b[31mb"), '"a\\n\\u001b[31mb"'],
    ["many bytes", bytes.show(new Uint8Array(100)), `${"00 ".repeat(32)}… (100 bytes)`],
    ["a bitfield", bitfield({ a: 1 }).show({ value: [], selector: ["a"] }), "{ value none, selector a }"],
    ["a list", listOf(1, u8).show([1, 2]), "[1, 2]"],
    ["a repeated attribute", attrs({ n: repeated(1, u8) }).show({ n: [1, 2] }), "{\n  n 1\n  n 2\n}"],
  ])("%s", (_, shown, text) => {
    expect(shown).toBe(text);
  });
});
