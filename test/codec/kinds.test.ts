/** Attributes whose payload depends on what another one says, and names from hostile input. */
import { describe, expect, test } from "bun:test";
import {
  attr,
  attrs,
  byKind,
  cstring,
  decode,
  encode,
  otherKind,
  u8,
  u16,
  unknown,
} from "../../netlink/codec/index.ts";
import { hex } from "../bytes.ts";
import { expectBothWays } from "./both-ways.ts";

const LinkInfo = attrs({
  kind: attr(1, cstring),
  data: byKind(2, "kind", { vlan: attrs({ id: attr(1, u16) }), bridge: attrs({ stp: attr(5, u8) }) }),
  slaveKind: attr(4, cstring),
  slaveData: byKind(5, "slaveKind", { bridge: attrs({ cost: attr(3, u16) }) }),
});

describe("data by kind", () => {
  test("is read and written as its kind says", () => {
    expectBothWays(
      LinkInfo,
      { kind: "vlan", data: { id: 42 } },
      `0900 0100 766c616e 00000000    # kind vlan
       0c00 0200                      # data
         0600 0100 2a00 0000`,
    );
    expectBothWays(
      LinkInfo,
      { kind: "bridge", data: { stp: 1 } },
      `0b00 0100 62726964 676500 00   # kind bridge
       0c00 0200                      # data
         0500 0500 01000000`,
    );
  });

  test("may be of two kinds side by side, as of a link and of its master", () => {
    expectBothWays(
      LinkInfo,
      { kind: "vlan", data: { id: 42 }, slaveKind: "bridge", slaveData: { cost: 5 } },
      `0900 0100 766c616e 00000000    # kind vlan
       0c00 0200  0600 0100 2a00 0000
       0b00 0400 62726964 676500 00   # kind of the master: bridge
       0c00 0500  0600 0300 0500 0000`,
    );
  });

  test("may be absent", () => {
    expectBothWays(LinkInfo, { kind: "vlan" }, "0900 0100 766c616e 00000000");
  });

  test("of a kind that is not known here is kept, and written back", () => {
    const wire = "0a00 0100 64756d6d 79000000  0800 0200 aabbccdd";
    const value = { kind: otherKind("dummy"), [unknown]: [{ type: 2, bytes: hex("aabbccdd"), after: 1 }] };
    expectBothWays(LinkInfo, value, wire);
  });

  test("that comes before its kind is kept as it is", () => {
    const wire = "0c00 0200  0600 0100 2a00 0000  0900 0100 766c616e 00000000";
    const data = hex("0600 0100 2a00 0000");
    expectBothWays(LinkInfo, { kind: "vlan", [unknown]: [{ type: 2, bytes: data, after: 0 }] }, wire);
  });

  test("is refused without a kind, or with one that is not known here", () => {
    const without = { data: { id: 42 } } as unknown as { kind: "vlan" };
    expect(() => encode(LinkInfo, without)).toThrow('data: the kind "undefined" is none of vlan, bridge');
    const wrong = { kind: "dummy", data: {} } as unknown as { kind: "vlan" };
    expect(() => encode(LinkInfo, wrong)).toThrow('data: the kind "dummy" is none of vlan, bridge');
  });

  test("names the attribute of the kind that is out of range", () => {
    expect(() => encode(LinkInfo, { kind: "vlan", data: { id: 70000 } })).toThrow(
      "data.id: 70000 is not a u16",
    );
  });
});

describe("a hostile kind", () => {
  test.each(["__proto__", "constructor", "toString", "hasOwnProperty"])(
    "%s is a kind like others",
    (kind) => {
      const name = new TextEncoder().encode(kind);
      const padded = new Uint8Array((name.length + 4) & ~3);
      padded.set(name);
      const wire = hex(`${(name.length + 5).toString(16).padStart(2, "0")}00 0100 ${padded.toHex()}
                      0c00 0200 0600 0100 2a00 0000`);
      const read = decode(LinkInfo, wire);
      expect(read.kind as unknown).toBe(kind);
      expect(Object.hasOwn(read, "data")).toBe(false);
      expect(read[unknown]).toHaveLength(1);
      expect(encode(LinkInfo, read, "fromKernel")).toEqual(wire);
      const data = { kind, data: { id: 1 } } as unknown as { kind: "vlan" };
      expect(() => encode(LinkInfo, data)).toThrow(`the kind "${kind}" is none of vlan, bridge`);
    },
  );
});
