/** A codec: how one payload is written, read, shown and sampled. Everything else in this folder makes codecs. */
import { DecodeError } from "../errors.ts";
import type { Direction } from "../wire/direction.ts";
import { inBytes, Reader } from "../wire/reader.ts";
import { Writer } from "../wire/writer.ts";
import type { Random } from "./random.ts";

/**
 * How a payload looks on the wire.
 * @typeParam Out what reading gives
 * @typeParam In what writing takes, where that is less than reading gives (a header's zeros may be left out)
 */
export interface Codec<Out, In = Out> {
  /** The word of the vocabulary, for documents: `u16be`, `struct`. */
  readonly word: string;
  /** The number of bytes, where it is the same for every value. */
  readonly size?: number;
  /** Set when the codec takes notes of its own parts. */
  readonly composite?: true;

  /** @throws EncodeError when `value` does not fit */
  write(writer: Writer, value: In): void;
  /** Reads up to the reader's end, or `size` bytes. @throws DecodeError */
  read(reader: Reader): Out;
  /** The value for people. */
  show(value: Out): string;
  /** A random value that can be written and reads back as itself. */
  sample(random: Random): Out;
}

/** What reading with `C` gives. */
export type Infer<C> = C extends Codec<infer Out, infer _> ? Out : never;

/** What writing with `C` takes. */
export type InferInput<C> = C extends Codec<infer _, infer In> ? In : never;

/** The bytes of `value`. @throws EncodeError */
export function encode<Out, In>(
  codec: Codec<Out, In>,
  value: In,
  direction: Direction = "toKernel",
): Uint8Array {
  const writer = new Writer(256, direction);
  codec.write(writer, value);
  return writer.bytes;
}

/** The value in `bytes`, all of which must belong to it. @throws DecodeError */
export function decode<Out, In>(
  codec: Codec<Out, In>,
  bytes: Uint8Array,
  direction: Direction = "fromKernel",
): Out {
  const reader = new Reader(bytes, direction);
  const value = codec.read(reader);
  if (reader.left > 0) throw new DecodeError(`${inBytes(reader.left)} left over`, reader.position);
  return value;
}
