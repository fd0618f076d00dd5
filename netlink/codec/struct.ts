/** C structs: members one after another, without names on the wire. */
import { EncodeError } from "../errors.ts";
import type { Reader } from "../wire/reader.ts";
import type { Codec, Infer, InferInput } from "./codec.ts";
import type { Random } from "./random.ts";
import { hex } from "./strings.ts";

/** The key under which a growing struct keeps the bytes behind its last known member. */
export const rest: unique symbol = Symbol("members without a name");

type Members = Readonly<Record<string, Codec<unknown>>>;
type Shown<M extends Members> = { [K in keyof M as Infer<M[K]> extends undefined ? never : K]: Infer<M[K]> };

/** What reading a struct gives: its members but for the padding. */
export type StructValue<M extends Members> = { -readonly [K in keyof Shown<M>]: Shown<M>[K] };
/** What writing a struct takes. */
export type StructInput<M extends Members> = {
  [K in keyof M as Infer<M[K]> extends undefined ? never : K]: InferInput<M[K]>;
};

/** Bytes that mean nothing: zero when written, not looked at when read. */
export function padding(size: number): Codec<undefined> {
  return {
    word: `padding[${size}]`,
    size,
    write: (writer) => void writer.take(size),
    read: (reader) => void reader.take(size),
    show: () => "",
    sample: () => undefined,
  };
}

function sizeOf(members: Members): number | undefined {
  let size = 0;
  for (const codec of Object.values(members)) {
    if (codec.size === undefined) return undefined;
    size += codec.size;
  }
  return size;
}

/** Writes one member; an error in it is told with its name. @throws EncodeError */
export function readMember(reader: Reader, codec: Codec<unknown>): unknown {
  const start = reader.position;
  const value = codec.read(reader);
  if (reader.takesNotes && !codec.composite) reader.note(start, codec.show(value));
  return value;
}

type Entries = readonly (readonly [key: string, codec: Codec<unknown>])[];

/** The members up to the first absent one, since only the end can be missing. @throws EncodeError when one is behind */
function presentMembers(entries: Entries, value: Readonly<Record<string, unknown>>): Entries {
  const absent = entries.findIndex(([key]) => value[key] === undefined);
  if (absent < 0) return entries;
  const [stranded] = entries.slice(absent).find(([key]) => value[key] !== undefined) ?? [];
  if (stranded !== undefined)
    throw new EncodeError(`cannot be there without ${entries[absent]![0]}`).inside(stranded);
  return entries.slice(0, absent);
}

type Rest = { [rest]?: Uint8Array };
const NOTHING = new Uint8Array();

function readRest(reader: Reader): Uint8Array {
  const start = reader.position;
  const bytes = reader.copy(reader.left);
  if (reader.takesNotes) reader.note(start, `unknown members ${hex(bytes)}`);
  return bytes;
}

function showMembers(members: Members, value: Readonly<Record<string, unknown>>): string {
  const shown = Object.entries(members)
    .filter(([key]) => value[key] !== undefined)
    .map(([key, codec]) => `${key} ${codec.show(value[key])}`);
  return `{ ${shown.join(", ")} }`;
}

function structOf(word: string, members: Members, growing: boolean): Codec<Record<string, unknown>> {
  const entries = Object.entries(members);
  const size = growing ? undefined : sizeOf(members);
  return {
    word,
    ...(size !== undefined && { size }),
    composite: true,
    write(writer, value) {
      const present = growing ? presentMembers(entries, value) : entries;
      for (const [key, codec] of present) writer.under(key, () => codec.write(writer, value[key]));
      if (growing) writer.put((value as Rest)[rest] ?? NOTHING);
    },
    read(reader) {
      const value: Record<string, unknown> = {};
      for (const [key, codec] of entries) {
        if (growing && reader.left < (codec.size ?? 1)) break;
        const member = reader.under(key, () => readMember(reader, codec));
        if (member !== undefined) value[key] = member;
      }
      if (growing && reader.left > 0) (value as Rest)[rest] = readRest(reader);
      return value;
    },
    show: (value) => showMembers(members, value),
    sample(random: Random) {
      const most = growing ? random.below(entries.length + 1) : entries.length;
      const value: Record<string, unknown> = {};
      for (const [key, codec] of entries.slice(0, most)) {
        const member = codec.sample(random);
        if (member !== undefined) value[key] = member;
      }
      return value;
    },
  };
}

/** A C struct whose members are all there: `struct({ from: u32, to: u32 })`. */
export function struct<const M extends Members>(members: M): Codec<StructValue<M>, StructInput<M>> {
  return structOf("struct", members, false) as Codec<unknown> as Codec<StructValue<M>, StructInput<M>>;
}

/** What reading a growing struct gives: the members that this kernel has, and the bytes of those without a name here. */
export type GrowingValue<M extends Members> = {
  [K in keyof StructValue<M>]?: StructValue<M>[K] | undefined;
} & { [rest]?: Uint8Array };

/**
 * A C struct that newer kernels add members to at the end: reading stops where the bytes do, and keeps those behind
 * the last member under the symbol `rest`; writing stops at the first absent member. It has no padding members.
 */
export function growing<const M extends Members>(members: M): Codec<GrowingValue<M>> {
  return structOf("growing", members, true) as Codec<unknown> as Codec<GrowingValue<M>>;
}
