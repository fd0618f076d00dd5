/**
 * One attribute on the wire: a header, and a payload that others describe (struct nlattr, linux/netlink.h).
 *
 *     2 bytes length   2 bytes type     payload, filled up to 4 bytes
 *     (header and      (bit 15: nest,
 *      payload)         bit 14: network order, the others: number)
 */
import { DecodeError, EncodeError } from "../errors.ts";
import type { Direction } from "../wire/direction.ts";
import type { Reader } from "../wire/reader.ts";
import type { Writer } from "../wire/writer.ts";
import type { Codec } from "./codec.ts";

/** The length of an attribute's header in bytes. */
export const HEADER = 4;
/** NLA_F_NESTED. */
const NESTED = 0x8000;
/** NLA_TYPE_MASK. */
const NUMBER_MASK = 0x3fff;

/** When NLA_F_NESTED stands in an attribute's header: the older families never had it, others ask for it in requests. */
export type NestedFlag = "never" | "toKernel" | "always";

/** The attribute's number, without the flags of its type. */
export const numberIn = (type: number): number => type & NUMBER_MASK;

/** The type of an attribute with this number in a message that travels in `direction`. */
export const typeOf = (number: number, nestedFlag: NestedFlag, direction: Direction): number =>
  nestedFlag === "always" || nestedFlag === direction ? number | NESTED : number;

/** Writes an attribute with `value` as its payload. @throws EncodeError, also when it is too long or nested too deep */
export function writeAttribute<In>(writer: Writer, type: number, codec: Codec<unknown, In>, value: In): void {
  const start = writer.take(HEADER);
  writer.nested(() => codec.write(writer, value));
  const length = writer.position - start;
  if (length > 0xffff) throw new EncodeError(`${length} bytes do not fit an attribute of at most 65535`);
  writer.view.setUint16(start, length, true);
  writer.view.setUint16(start + 2, type, true);
  writer.align();
}

/**
 * Reads attributes up to the reader's end. Fewer than four bytes there are no attribute, and left out.
 * @param read reads the payload, whose length it is told
 * @throws DecodeError when a header says that it is not even as long as itself
 */
export function readAttributes(reader: Reader, read: (type: number, length: number) => void): void {
  while (reader.left >= HEADER) {
    const header = reader.take(HEADER);
    const length = reader.view.getUint16(header, true) - HEADER;
    const type = reader.view.getUint16(header + 2, true);
    if (length < 0) throw new DecodeError(`attribute ${numberIn(type)} is shorter than its header`, header);
    read(type, length);
    reader.align();
  }
  reader.take(reader.left);
}

/** Notes that the header before the reader's position is one of `what`: `attribute 18, 16 bytes`. */
export function noteHeader(reader: Reader, what: string, length: number): void {
  if (reader.takesNotes) reader.note(reader.position - HEADER, `${what}, ${length} bytes`);
}

/** Reads a payload of `length` bytes; `left` says how many of them the codec does not know. @throws DecodeError */
export function readPayload<T>(
  reader: Reader,
  length: number,
  codec: Codec<T, never>,
): { value: T; left: number } {
  const start = reader.position;
  return reader.within(length, () => {
    const value = codec.read(reader);
    if (reader.takesNotes && !codec.composite) reader.note(start, codec.show(value));
    return { value, left: reader.left };
  });
}
