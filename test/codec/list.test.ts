/** Nests whose attributes are the elements of a list. */
import { describe, expect, test } from "bun:test";
import {
  attr,
  attrs,
  bytes,
  cstring,
  decode,
  encode,
  indexed,
  listOf,
  u16,
} from "../../netlink/codec/index.ts";
import { EncodeError } from "../../netlink/errors.ts";
import { hex } from "../bytes.ts";
import { expectBothWays } from "./both-ways.ts";

const Element = attrs({ key: attr(1, u16) });
const two = [{ key: 80 }, { key: 443 }];

describe("indexed", () => {
  test("numbers its elements from 1", () => {
    expectBothWays(
      indexed(Element),
      two,
      `0c00 0100  0600 0100 5000 0000
       0c00 0200  0600 0100 bb01 0000`,
    );
  });

  test("numbers its elements from another number, and marks them as nests in requests", () => {
    const list = indexed(Element, 0, "toKernel");
    expectBothWays(
      list,
      two,
      `0c00 0080  0600 0100 5000 0000
       0c00 0180  0600 0100 bb01 0000`,
      "toKernel",
    );
    expect(encode(list, two.slice(0, 1), "fromKernel")).toEqual(hex("0c00 0000  0600 0100 5000 0000"));
  });

  test("does not look at the numbers", () => {
    expect(decode(indexed(Element), hex("0c00 0900  0600 0100 5000 0000"))).toEqual([{ key: 80 }]);
  });
});

describe("listOf", () => {
  test("gives all its elements the same number", () => {
    expectBothWays(listOf(1, cstring), ["a", "b"], "0600 0100 6100 0000  0600 0100 6200 0000");
  });

  test("marks its elements as nests in requests where it should", () => {
    const list = listOf(1, Element, "toKernel");
    expectBothWays(list, [{ key: 80 }], "0c00 0180  0600 0100 5000 0000", "toKernel");
    expectBothWays(list, [{ key: 80 }], "0c00 0100  0600 0100 5000 0000", "fromKernel");
  });
});

describe("a list", () => {
  test("may be empty", () => {
    expectBothWays(listOf(1, Element), [], "");
  });

  test("names the element that cannot be read", () => {
    const Rule = attrs({ expressions: attr(4, listOf(1, Element)) });
    const wire = hex("1800 0400  0c00 0100  0600 0100 5000 0000  0800 0100  0500 0100");
    expect(() => decode(Rule, wire)).toThrow("expressions.1.key: needs 1 byte, 0 left (byte 24)");
  });

  test("names the element that cannot be written", () => {
    const Rule = attrs({ expressions: attr(4, listOf(1, Element)) });
    expect(() => encode(Rule, { expressions: [{ key: 1 }, { key: -1 }] })).toThrow(
      "expressions.1.key: -1 is not a u16",
    );
  });

  test("refuses an element that is longer than an attribute can be", () => {
    expect(() => encode(listOf(1, bytes), [new Uint8Array(65532)])).toThrow(
      new EncodeError("65536 bytes do not fit an attribute of at most 65535").inside(0),
    );
  });

  test.each([0, 1, 2, 3])("ends with an error at a header that says %i", (length) => {
    const wire = hex("0600 0100 6100 0000  0600 0100 6200 0000");
    wire[8] = length;
    expect(() => decode(listOf(1, cstring), wire)).toThrow("attribute 1 is shorter than its header (byte 8)");
  });

  test("leaves out fewer than four bytes at its end", () => {
    expect(decode(listOf(1, cstring), hex("0600 0100 6100 0000  ffff ff"))).toEqual(["a"]);
  });
});
