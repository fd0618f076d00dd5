/** Random values of every word of the vocabulary: written and read back they are themselves. */
import { expect, test } from "bun:test";
import * as vocabulary from "../../netlink/codec/index.ts";
import {
  address,
  array,
  asym,
  attr,
  attrs,
  bitfield,
  bool,
  byKind,
  bytes,
  type Codec,
  cstring,
  decode,
  encode,
  fixedBytes,
  flag,
  flags,
  growing,
  indexed,
  listOf,
  mac,
  message,
  nest,
  oneOf,
  padding,
  Random,
  recursive,
  repeated,
  s8,
  s16,
  s16be,
  s32,
  s32be,
  s64,
  s64be,
  struct,
  text,
  u8,
  u16,
  u16be,
  u32,
  u32be,
  u64,
  u64be,
  uint,
} from "../../netlink/codec/index.ts";
import { seeded } from "../seeded.ts";

/** Each word at least once, by the number of its attribute. */
const Everything: Codec<unknown> & { rows: vocabulary.Rows } = message(
  { family: oneOf(u8, { one: 1, two: 2 }), pad: padding(1), type: u16, index: s32 },
  {
    ...{ u8: attr(1, u8), u16: attr(2, u16), u32: attr(3, u32), u64: attr(4, u64) },
    ...{ s8: attr(5, s8), s16: attr(6, s16), s32: attr(7, s32), s64: attr(8, s64) },
    ...{ u16be: attr(9, u16be), u32be: attr(10, u32be), u64be: attr(11, u64be) },
    ...{ s16be: attr(12, s16be), s32be: attr(13, s32be), s64be: attr(14, s64be) },
    ...{ uint: attr(15, uint), bool: attr(16, bool), flag: attr(17, flag) },
    ...{ cstring: attr(18, cstring), text: attr(19, text), bytes: attr(20, bytes) },
    ...{ fixedBytes: attr(21, fixedBytes(5)), mac: attr(22, mac), address: attr(23, address) },
    struct: attr(24, struct({ a: u8, pad: padding(3), b: u32 })),
    growing: attr(25, growing({ a: u32, b: u64 })),
    flags: attr(26, flags(u16be, { low: 1, high: 0x8000 })),
    bitfield: attr(27, bitfield({ low: 1, high: 0x80000000 })),
    array: attr(28, array(u64)),
    repeated: repeated(29, cstring),
    kind: attr(30, cstring),
    byKind: byKind(31, "kind", { a: attrs({ id: attr(1, u8) }), b: attrs({ id: attr(1, bytes) }) }),
    indexed: nest(32, indexed(attrs({ id: attr(1, u8) }))),
    listOf: nest(33, listOf(1, u32), "toKernel"),
    recursive: attr(
      34,
      recursive((): Codec<unknown> => Everything),
    ),
    asym: attr(35, asym(u32, u32)),
  },
);

seeded("two thousand samples are written and read back as themselves, in both directions", (random) => {
  const seen = new Set<string>();
  for (let count = 0; count < 2000; count++) {
    const sample = Everything.sample(random);
    for (const key of Object.keys(sample as object)) seen.add(key);
    for (const direction of ["toKernel", "fromKernel"] as const) {
      const wire = encode(Everything, sample, direction);
      expect(decode(Everything, wire, direction)).toEqual(sample);
      expect(encode(Everything, decode(Everything, wire, direction), direction)).toEqual(wire);
    }
    expect(Everything.show(sample).length).toBeGreaterThan(0);
  }
  expect([...seen].sort()).toEqual(["family", "index", "type", ...Object.keys(Everything.rows)].sort());
});

test("every word of the vocabulary is among them", () => {
  const { attr, attrs, message, nest, padding, summary, ...words } = vocabulary;
  const others = [
    "annotate",
    "decode",
    "dumpLines",
    "encode",
    "notesOf",
    "otherKind",
    "Random",
    "rest",
    "unknown",
    "oneOf",
  ];
  expect(
    Object.keys(words)
      .filter((word) => !others.includes(word))
      .sort(),
  ).toEqual(
    Object.keys(Everything.rows)
      .filter((key) => key !== "kind")
      .sort(),
  );
});

test("the same seed gives the same sample, and another one another", () => {
  const sample = (seed: number) => Everything.show(Everything.sample(new Random(seed)));
  expect(sample(7)).toBe(sample(7));
  expect(sample(7)).not.toBe(sample(8));
});

test("random numbers are spread over their range", () => {
  const random = new Random(1);
  const counts = new Array<number>(16).fill(0);
  for (let count = 0; count < 16_000; count++) counts[random.below(16)]!++;
  for (const count of counts) expect(count).toBeWithin(800, 1200);
});
