/** Attribute sets: rows, what has no row, and headers that lie. */
import { describe, expect, test } from "bun:test";
import {
  asym,
  attr,
  attrs,
  bytes,
  type Codec,
  cstring,
  decode,
  encode,
  fixedBytes,
  flag,
  nest,
  recursive,
  repeated,
  struct,
  text,
  u8,
  u16,
  u16be,
  u32,
  unknown,
} from "../../netlink/codec/index.ts";
import { DecodeError, EncodeError } from "../../netlink/errors.ts";
import { hex } from "../bytes.ts";
import { expectBothWays } from "./both-ways.ts";

const QosMap = attrs({ mapping: repeated(1, struct({ from: u32, to: u32 })) });
/** The `vlan` kind of link (IFLA_VLAN_*, linux/if_link.h). */
const Vlan = attrs({
  id: attr(1, u16),
  flags: attr(2, struct({ flags: u32, mask: u32 })),
  egressQos: attr(3, QosMap),
  protocol: attr(5, u16be),
});

describe("an attribute", () => {
  test("is a header with its length and number, a payload, and zeros up to four bytes", () => {
    expectBothWays(Vlan, { id: 42 }, "0600 0100 2a00 0000");
  });

  test("that is absent is an absent key", () => {
    expectBothWays(Vlan, {}, "");
    expect(encode(Vlan, { id: undefined, protocol: undefined })).toEqual(hex(""));
  });

  test("stands where its key does", () => {
    const id = "0600 0100 2a00 0000";
    const protocol = "0600 0500 88a8 0000";
    expectBothWays(Vlan, { id: 42, protocol: 0x88a8 }, `${id} ${protocol}`);
    expectBothWays(Vlan, { protocol: 0x88a8, id: 42 }, `${protocol} ${id}`);
    expect(Object.keys(decode(Vlan, hex(`${protocol} ${id}`)))).toEqual(["protocol", "id"]);
  });

  test("without a payload is there or not", () => {
    expectBothWays(attrs({ hidden: attr(7, flag) }), { hidden: true }, "0400 0700");
  });

  test("may hold attributes", () => {
    expectBothWays(
      Vlan,
      { egressQos: { mapping: [{ from: 1, to: 2 }] } },
      `1000 0300            # IFLA_VLAN_EGRESS_QOS, length 16
         0c00 0100          #   IFLA_VLAN_QOS_MAPPING, length 12
         01000000 02000000`,
    );
  });

  test("that may be repeated is an array", () => {
    const one = "0c00 0100 01000000 02000000";
    const other = "0c00 0100 03000000 04000000";
    const mapping = [
      { from: 1, to: 2 },
      { from: 3, to: 4 },
    ];
    expectBothWays(QosMap, { mapping }, `${one} ${other}`);
    expect(encode(QosMap, { mapping: [] })).toEqual(hex(""));
  });

  test("that comes twice where it may not is taken as the kernel takes it: the last one counts", () => {
    expect(decode(Vlan, hex("0600 0100 2a00 0000  0600 0100 2b00 0000"))).toEqual({ id: 43 });
  });

  test("of 65535 bytes is the longest", () => {
    const Blob = attrs({ blob: attr(1, bytes) });
    const longest = encode(Blob, { blob: new Uint8Array(65531) });
    expect([longest.length, ...longest.subarray(0, 4)]).toEqual([65536, 0xff, 0xff, 1, 0]);
    expect(decode(Blob, longest).blob).toHaveLength(65531);
    expect(() => encode(Blob, { blob: new Uint8Array(65532) })).toThrow(
      "blob: 65536 bytes do not fit an attribute of at most 65535",
    );
  });
});

describe("NLA_F_NESTED", () => {
  const Parts = attrs({
    never: attr(1, attrs({ value: attr(1, u8) })),
    request: nest(2, attrs({ value: attr(1, u8) }), "toKernel"),
    always: nest(3, attrs({ value: attr(1, u8) })),
  });
  const value = { never: { value: 1 }, request: { value: 2 }, always: { value: 3 } };

  test("stands in requests where the row says so", () => {
    expectBothWays(
      Parts,
      value,
      `0c00 0100  0500 0100 01000000
       0c00 0280  0500 0100 02000000
       0c00 0380  0500 0100 03000000`,
      "toKernel",
    );
  });

  test("stands in answers where the row says so", () => {
    expectBothWays(
      Parts,
      value,
      `0c00 0100  0500 0100 01000000
       0c00 0200  0500 0100 02000000
       0c00 0380  0500 0100 03000000`,
      "fromKernel",
    );
  });

  test("is not looked at when reading, and neither is NLA_F_NET_BYTEORDER", () => {
    expect(decode(Parts, hex("0c00 01c0  0500 0140 01000000"))).toEqual({ never: { value: 1 } });
  });
});

describe("an attribute without a row", () => {
  test("is kept with its flags, and written back to its place", () => {
    const wire = `0800 0940 aabbccdd     # 9, network order, before all others
                  0600 0100 2a00 0000    # id
                  0500 3f80 11000000     # 63, a nest, in the middle
                  0400 4000              # 64, without a payload
                  0600 0500 88a8 0000    # protocol
                  0800 0900 01020304     # 9 once more, at the end`;
    const value = {
      id: 42,
      protocol: 0x88a8,
      [unknown]: [
        { type: 0x4009, bytes: hex("aabbccdd"), after: 0 },
        { type: 0x803f, bytes: hex("11"), after: 1 },
        { type: 64, bytes: hex(""), after: 1 },
        { type: 9, bytes: hex("01020304"), after: 2 },
      ],
    };
    expectBothWays(Vlan, value, wire);
  });

  test("is written back in nests as well", () => {
    const wire = "0c00 0300  0800 0700 aabbccdd";
    expect(encode(Vlan, decode(Vlan, hex(wire)))).toEqual(hex(wire));
  });

  test("goes with a copy of the value that is written", () => {
    const read = decode(Vlan, hex("0600 0100 2a00 0000  0800 0900 01020304"));
    expect(encode(Vlan, { ...read, id: 43 })).toEqual(hex("0600 0100 2b00 0000  0800 0900 01020304"));
  });

  test("is a copy: it does not change with the bytes that were received", () => {
    const received = hex("0800 0900 01020304");
    const read = decode(Vlan, received);
    received.fill(0);
    expect(read[unknown]?.[0]?.bytes).toEqual(hex("01020304"));
  });

  test("is kept under a symbol only when there is one", () => {
    expect(Reflect.ownKeys(decode(Vlan, hex("0600 0100 2a00 0000")))).toEqual(["id"]);
  });
});

describe("a payload", () => {
  test("that a newer kernel made longer is kept whole, and written back", () => {
    const wire = `0800 0100 2a00 0001   # IFLA_VLAN_ID of four bytes
                  0600 0500 88a8 0000`;
    const value = { protocol: 0x88a8, [unknown]: [{ type: 1, bytes: hex("2a000001"), after: 0 }] };
    expectBothWays(Vlan, value, wire);
  });

  test("of a flag that has bytes is kept", () => {
    const Parts = attrs({ hidden: attr(7, flag) });
    expectBothWays(Parts, { [unknown]: [{ type: 7, bytes: hex("01"), after: 0 }] }, "0500 0700 01000000");
  });

  test("that may be repeated is kept where one of them is longer", () => {
    const read = decode(QosMap, hex("0c00 0100 01000000 02000000  1000 0100 03000000 04000000 05000000"));
    expect(read.mapping).toEqual([{ from: 1, to: 2 }]);
    expect(read[unknown]).toHaveLength(1);
  });

  test("that is too short is an error with its path and place", () => {
    const Link = attrs({
      address: attr(1, fixedBytes(68)),
      linkinfo: attr(18, attrs({ kind: attr(1, cstring), data: attr(2, Vlan) })),
    });
    const wireOf = (lengths: string) => hex(`4800 0100 ${"00".repeat(68)} ${lengths}`);
    const tooShort = wireOf(`
      1c00 1200                        # linkinfo
        0800 0100 766c616e             #   kind
        1000 0200                      #   data
          0c00 0300                    #     egressQos, which ends before its mapping
            0c00 0100 01000000`);
    expect(() => decode(Link, tooShort)).toThrow(
      "linkinfo.data.egressQos.mapping: needs 8 bytes, 4 left (byte 96)",
    );
    const cutOff = wireOf(`
      1c00 1200
        0800 0100 766c616e
        1000 0200
          0c00 0300
            0800 0100 01000000         #       mapping, which ends before \`to\``);
    expect(() => decode(Link, cutOff)).toThrow(
      "linkinfo.data.egressQos.mapping.to: needs 4 bytes, 0 left (byte 100)",
    );
  });
});

describe("a header that lies", () => {
  test.each([0, 1, 2, 3])("about a length of %i is an error, and not read again and again", (length) => {
    const wire = hex("0600 0100 2a00 0000  0000 0500 88a8 0000");
    wire[8] = length;
    expect(() => decode(Vlan, wire)).toThrow(new DecodeError("attribute 5 is shorter than its header", 8));
  });

  test.each([
    ["0900 0100 2a00 0000", "id: needs 5 bytes, 4 left (byte 4)"],
    ["ffff 0100 2a00 0000", "id: needs 65531 bytes, 4 left (byte 4)"],
    ["0900 0980 2a00 0000", "unknown 9: needs 5 bytes, 4 left (byte 4)"],
    ["0800 0300  0900 0100", "egressQos.mapping: needs 5 bytes, 0 left (byte 8)"],
  ])("about an end beyond the end is an error: %s", (wire, message) => {
    expect(() => decode(Vlan, hex(wire))).toThrow(message);
  });

  test("cannot make a nest read beyond itself", () => {
    const wire = hex("0800 0300  0c00 0100  01000000 02000000");
    expect(() => decode(Vlan, wire)).toThrow("egressQos.mapping: needs 8 bytes, 0 left (byte 8)");
  });
});

describe("fewer than four bytes at the end", () => {
  test.each(["00", "ff ff", "06 00 01"])("(%s) are no attribute, and left out", (garbage) => {
    expect(decode(Vlan, hex(`0600 0100 2a00 0000 ${garbage}`))).toEqual({ id: 42 });
  });

  test("may be missing from the padding of the last attribute", () => {
    expect(decode(Vlan, hex("0600 0100 2a00 0000  0600 0500 88a8"))).toEqual({ id: 42, protocol: 0x88a8 });
  });
});

describe("a nest in a nest", () => {
  /** Attributes that hold attributes, `depth` of them. */
  const wireOf = (depth: number): Uint8Array => {
    const wire = new Uint8Array(4 * depth);
    const view = new DataView(wire.buffer);
    for (let level = 0; level < depth; level++) {
      view.setUint16(4 * level, 4 * (depth - level), true);
      view.setUint16(4 * level + 2, 1, true);
    }
    return wire;
  };
  interface Tree {
    inner?: Tree | undefined;
  }
  const Tree: Codec<Tree> = attrs({
    inner: attr(
      1,
      recursive((): Codec<Tree> => Tree),
    ),
  });
  const treeOf = (depth: number): Tree => (depth === 0 ? {} : { inner: treeOf(depth - 1) });

  test("is read and written 32 deep", () => {
    expect(decode(Tree, wireOf(32))).toEqual(treeOf(32));
    expect(encode(Tree, treeOf(32))).toEqual(wireOf(32));
  });

  test("is an error when it is deeper", () => {
    const path = Array(33).fill("inner").join(".");
    expect(() => decode(Tree, wireOf(33))).toThrow(`${path}: nested more than 32 deep (byte 132)`);
    expect(() => decode(Tree, wireOf(16_000))).toThrow("nested more than 32 deep");
  });

  test("is an error when it never ends", () => {
    const endless: Tree = {};
    endless.inner = endless;
    expect(() => encode(Tree, endless)).toThrow(EncodeError);
  });
});

describe("a key that has no row", () => {
  test("is refused", () => {
    const value = { id: 1, vlanProtocol: 5 } as { id: number };
    expect(() => encode(Vlan, value)).toThrow("vlanProtocol: no attribute of this name is known here");
  });

  test.each(["__proto__", "constructor", "hasOwnProperty", "toString"])("is refused when it is %s", (key) => {
    const value = JSON.parse(`{ "${key}": 1 }`);
    expect(() => encode(Vlan, value)).toThrow(`${key}: no attribute of this name is known here`);
  });
});

describe("asym", () => {
  /** IFLA_INFO_KIND: without a NUL in requests, with one in answers. */
  const Info = attrs({ kind: attr(1, asym(text, cstring)) });

  test("writes and reads what the kernel takes in requests", () => {
    expectBothWays(Info, { kind: "veth" }, "0800 0100 76657468", "toKernel");
  });

  test("writes and reads what the kernel gives in answers", () => {
    expectBothWays(Info, { kind: "veth" }, "0900 0100 76657468 00000000", "fromKernel");
  });
});
