/** The reader, which never passes its end, and the writer, whose buffer grows. */
import { describe, expect, test } from "bun:test";
import { DecodeError, EncodeError } from "../../netlink/errors.ts";
import { type Note, Reader } from "../../netlink/wire/reader.ts";
import { Writer } from "../../netlink/wire/writer.ts";
import { hex } from "../bytes.ts";

describe("a reader", () => {
  test("moves past what is taken and says where it starts", () => {
    const reader = new Reader(hex("0102 0304"));
    expect([reader.take(1), reader.take(3), reader.left]).toEqual([0, 1, 0]);
  });

  test("refuses to pass its end, and stays where it is", () => {
    const reader = new Reader(hex("0102 0304"));
    reader.take(3);
    expect(() => reader.take(2)).toThrow(new DecodeError("needs 2 bytes, 1 left", 3));
    expect(() => reader.take(8)).toThrow("needs 8 bytes, 1 left (byte 3)");
    expect(reader.position).toBe(3);
  });

  test("does not see beyond a stretch, and goes on behind it, whatever was read there", () => {
    const reader = new Reader(hex("0102 0304 0506"));
    expect(reader.within(3, () => reader.left)).toBe(3);
    expect(reader.position).toBe(3);
    expect(() => reader.within(1, () => reader.take(2))).toThrow("needs 2 bytes, 1 left (byte 3)");
    expect([reader.position, reader.left]).toEqual([4, 2]);
  });

  test("copies: what it gives does not change with the bytes that were received", () => {
    const received = hex("0102 0304");
    const copied = new Reader(received).copy(2);
    received.fill(0);
    expect(copied).toEqual(hex("0102"));
  });

  test("reads a part of a larger buffer as if it were the whole", () => {
    const reader = new Reader(hex("ffff 0102 ffff").subarray(2, 4));
    expect(reader.view.getUint16(reader.take(2))).toBe(0x0102);
    expect(() => reader.take(1)).toThrow("needs 1 byte, 0 left (byte 2)");
  });

  test("forgets the notes of what it takes back", () => {
    const notes: Note[] = [];
    const reader = new Reader(hex("0102 0304"), "fromKernel", notes);
    reader.take(1);
    reader.note(0, "kept");
    reader.take(2);
    reader.note(1, "taken back");
    reader.rewind(1);
    expect([reader.position, notes.map(({ text }) => text)]).toEqual([1, ["kept"]]);
  });
});

describe("a writer", () => {
  test("grows to what is written, with zeros where nothing is", () => {
    const writer = new Writer(2);
    writer.put(hex("0102 03"));
    writer.align();
    writer.put(hex("05"));
    expect(writer.bytes).toEqual(hex("01020300 05"));
  });

  test("keeps what was written when it grows many times", () => {
    const writer = new Writer(1);
    for (let byte = 0; byte < 256; byte++) writer.put(Uint8Array.of(byte));
    expect([...writer.bytes]).toEqual(Array.from({ length: 256 }, (_, byte) => byte));
  });

  test("puts the key before the problem of what is written under it", () => {
    const write = () => {
      throw new EncodeError("is wrong");
    };
    const writer = new Writer();
    expect(() => writer.under("outer", () => writer.under(0, write))).toThrow("outer.0: is wrong");
  });
});
