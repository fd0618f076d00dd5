/**
 * Attribute sets: a table of rows, each with the kernel's number and the codec of its payload.
 *
 *     2 bytes length   2 bytes number   payload, filled up to 4 bytes
 *     (header and      (bit 15: nest,
 *      payload)         bit 14: network order)
 *
 * An absent key is an absent attribute. Key order is wire order both ways. What the table does not name, or what does
 * not fit its row because a newer kernel made it longer, is kept under the symbol `unknown` and written back.
 */
import { DecodeError, EncodeError } from "../errors.ts";
import type { Reader } from "../wire/reader.ts";
import type { Writer } from "../wire/writer.ts";
import type { Codec, Infer, InferInput } from "./codec.ts";
import type { Random } from "./random.ts";
import { hex } from "./strings.ts";

const HEADER = 4;
/** NLA_F_NESTED. */
export const NESTED = 0x8000;
const NUMBER_MASK = 0x3fff;

/** The key under which attributes without a row are kept. */
export const unknown: unique symbol = Symbol("unknown attributes");

/** An attribute as it came, for want of a row. */
export interface UnknownAttribute {
  /** The kernel's number, with the two flag bits as they came. */
  readonly type: number;
  readonly bytes: Uint8Array;
  /** How many known attributes stood before it. */
  readonly after: number;
}

/** When NLA_F_NESTED stands in an attribute's header: the older families never had it, others ask for it in requests. */
type NestedFlag = "never" | "toKernel" | "always";

/** One row of an attribute table. */
export interface Row<Out, In = Out> {
  readonly number: number;
  readonly codec: Codec<Out, In>;
  readonly nestedFlag: NestedFlag;
  /** Set when the attribute may occur more than once; its value is then an array of what the codec reads. */
  readonly repeated: boolean;
}

/** A row whose codec depends on what another attribute of the same set says. */
export interface KindRow<Given extends string, Kinds extends Readonly<Record<string, Codec<unknown>>>> {
  readonly number: number;
  readonly nestedFlag: NestedFlag;
  readonly repeated: false;
  readonly given: Given;
  readonly kinds: Kinds;
}

/** An attribute with this number and payload. */
export const attr = <Out, In = Out>(number: number, codec: Codec<Out, In>): Row<Out, In> => ({
  number,
  codec,
  nestedFlag: "never",
  repeated: false,
});

/** An attribute that holds attributes and says so in its header. */
export const nest = <Out, In = Out>(
  number: number,
  codec: Codec<Out, In>,
  nestedFlag: NestedFlag = "always",
): Row<Out, In> => ({ number, codec, nestedFlag, repeated: false });

/** An attribute that may occur many times; the value is an array. */
export const repeated = <Out, In = Out>(
  number: number,
  codec: Codec<Out, In>,
  nestedFlag: NestedFlag = "never",
): Row<readonly Out[], readonly In[]> =>
  ({ number, codec, nestedFlag, repeated: true }) as unknown as Row<readonly Out[], readonly In[]>;

/** An attribute whose payload is that of `kinds[given]`, where `given` is another attribute that comes before it. */
export const byKind = <
  const Given extends string,
  const Kinds extends Readonly<Record<string, Codec<unknown>>>,
>(
  number: number,
  given: Given,
  kinds: Kinds,
  nestedFlag: NestedFlag = "never",
): KindRow<Given, Kinds> => ({ number, nestedFlag, repeated: false, given, kinds });

type AnyRow = Row<unknown> | KindRow<string, Readonly<Record<string, Codec<unknown>>>>;
export type Rows = Readonly<Record<string, AnyRow>>;

/**
 * `kind` as a name that the table of kinds does not have. The type says `undefined` because TypeScript tells the members
 * of a union apart by literals only: a name that is not among them would end the telling apart for all. Reading keeps
 * such a name as well, and its data among the unknown attributes.
 */
export const otherKind = (kind: string): undefined => kind as unknown as undefined;

type Side = "out" | "in";
type Payload<C, S extends Side> = S extends "out" ? Infer<C> : InferInput<C>;
type RowValue<R, S extends Side> = R extends Row<infer Out, infer In> ? (S extends "out" ? Out : In) : never;

type KindKeys<R extends Rows> = {
  [K in keyof R]: R[K] extends KindRow<string, never> | { given: string } ? K : never;
}[keyof R];
type GivenKeys<R extends Rows> = { [K in keyof R]: R[K] extends { given: infer G } ? G : never }[keyof R];
type PlainKeys<R extends Rows> = Exclude<keyof R, KindKeys<R> | GivenKeys<R>>;

type Arms<D extends PropertyKey, Row, S extends Side> = Row extends {
  given: infer G extends string;
  kinds: infer Kinds;
}
  ?
      | { [K in keyof Kinds]: { [g in G]: K } & { [d in D]?: Payload<Kinds[K], S> | undefined } }[keyof Kinds]
      | ({ [g in G]?: undefined } & { [d in D]?: undefined })
  : never;

type Intersect<U> = (U extends unknown ? (each: U) => void : never) extends (all: infer I) => void
  ? I
  : never;
type Boxed<T> = { boxed: T };
type KindArms<R extends Rows, S extends Side> = [KindKeys<R>] extends [never]
  ? unknown
  : Intersect<{ [D in KindKeys<R>]: Boxed<Arms<D, R[D], S>> }[KindKeys<R>]> extends Boxed<infer All>
    ? All
    : never;

/** What an attribute set with the rows `R` looks like. */
export type AttrsValue<R extends Rows, S extends Side = "out"> = {
  -readonly [K in PlainKeys<R>]?: RowValue<R[K], S> | undefined;
} & { [unknown]?: readonly UnknownAttribute[] | undefined } & KindArms<R, S>;

/** The rows of a table with what reading and writing need at hand. */
export interface Attrs {
  readonly rows: Rows;
  read(reader: Reader, into: Record<string, unknown>): void;
  write(writer: Writer, value: Readonly<Record<string, unknown>>, skip?: ReadonlySet<string>): void;
  show(value: Readonly<Record<string, unknown>>): string[];
  sample(random: Random, into: Record<string, unknown>): void;
}

type Kept = { [unknown]?: UnknownAttribute[] };

/** The codec of a row, which may depend on what was read (or is to be written) already. */
function codecOf(row: AnyRow, siblings: Readonly<Record<string, unknown>>): Codec<unknown> | undefined {
  if (!("given" in row)) return row.codec;
  const kind = siblings[row.given];
  return typeof kind === "string" && Object.hasOwn(row.kinds, kind) ? row.kinds[kind] : undefined;
}

function keepUnknown(reader: Reader, type: number, length: number, into: Record<string, unknown>): void {
  const start = reader.position;
  const bytes = reader.copy(length);
  reader.note(start, hex(bytes));
  const kept = into as Kept;
  kept[unknown] ??= [];
  kept[unknown].push({ type, bytes, after: Object.keys(into).length });
}

function append(into: Record<string, unknown>, key: string, value: unknown): void {
  const values = into[key] as unknown[] | undefined;
  if (values === undefined) into[key] = [value];
  else values.push(value);
}

/** Reads one payload; gives undefined, and moves nothing, when bytes are left that the codec does not know. */
function readPayload(reader: Reader, length: number, codec: Codec<unknown>): { value: unknown } | undefined {
  const start = reader.position;
  let complete = true;
  const value = reader.within(length, () => {
    const value = codec.read(reader);
    complete = reader.left === 0;
    if (complete && !codec.composite) reader.note(start, codec.show(value));
    return value;
  });
  if (complete) return { value };
  reader.position = start;
  return undefined;
}

function writeHeader(writer: Writer, start: number, type: number): void {
  const length = writer.position - start;
  if (length > 0xffff) throw new EncodeError(`${length} bytes do not fit an attribute of at most 65535`);
  writer.view.setUint16(start, length, true);
  writer.view.setUint16(start + 2, type, true);
  writer.align();
}

function writeAttribute(
  writer: Writer,
  key: string,
  row: AnyRow,
  codec: Codec<unknown>,
  value: unknown,
): void {
  const start = writer.take(HEADER);
  try {
    writer.nested(() => codec.write(writer, value));
    const flagged = row.nestedFlag === "always" || row.nestedFlag === writer.direction;
    writeHeader(writer, start, row.number | (flagged ? NESTED : 0));
  } catch (error) {
    throw error instanceof EncodeError ? error.inside(key) : error;
  }
}

function writeUnknown(writer: Writer, attribute: UnknownAttribute): void {
  const start = writer.take(HEADER);
  writer.put(attribute.bytes);
  writeHeader(writer, start, attribute.type);
}

/** The reading and writing half of a table; `attrs` and `message` make codecs of it. */
export function attributeTable(rows: Rows): Attrs {
  const byNumber: (readonly [key: string, row: AnyRow] | undefined)[] = [];
  for (const [key, row] of Object.entries(rows)) byNumber[row.number] = [key, row];

  function readOne(reader: Reader, into: Record<string, unknown>): void {
    const header = reader.take(HEADER);
    const length = reader.view.getUint16(header, true) - HEADER;
    const type = reader.view.getUint16(header + 2, true);
    if (length < 0) throw new DecodeError(`attribute ${type} is shorter than its header`, header);
    const entry = byNumber[type & NUMBER_MASK];
    const key = entry?.[0] ?? `unknown ${type & NUMBER_MASK}`;
    const codec = entry && codecOf(entry[1], into);
    try {
      reader.under(key, () => {
        if (reader.takesNotes) reader.note(header, `attribute ${type & NUMBER_MASK}, ${length} bytes`);
        const payload = codec && readPayload(reader, length, codec);
        if (payload === undefined) keepUnknown(reader, type, length, into);
        else if (entry![1].repeated) append(into, key, payload.value);
        else into[key] = payload.value;
      });
    } catch (error) {
      throw error instanceof DecodeError ? error.inside(key) : error;
    }
    reader.position = Math.min((reader.position + 3) & ~3, reader.end);
  }

  return {
    rows,
    read(reader, into) {
      while (reader.left >= HEADER) readOne(reader, into);
      reader.take(reader.left); // fewer than four bytes: padding
    },
    write(writer, value, skip) {
      const others = (value as Kept)[unknown] ?? [];
      let written = 0;
      let other = 0;
      const writeOthers = (): void => {
        while (other < others.length && others[other]!.after <= written)
          writeUnknown(writer, others[other++]!);
      };
      for (const key of Object.keys(value)) {
        writeOthers();
        written++;
        const content = value[key];
        if (content === undefined || skip?.has(key)) continue;
        const row = Object.hasOwn(rows, key) ? rows[key] : undefined;
        const codec = row && codecOf(row, value);
        if (codec === undefined) throw new EncodeError("no attribute of this name is known here").inside(key);
        for (const each of row!.repeated ? (content as unknown[]) : [content]) {
          writeAttribute(writer, key, row!, codec, each);
        }
      }
      written = Number.POSITIVE_INFINITY;
      writeOthers();
    },
    show(value) {
      const lines = Object.entries(value).flatMap(([key, content]) => {
        const row = Object.hasOwn(rows, key) ? rows[key] : undefined;
        const codec = row && codecOf(row, value);
        if (codec === undefined || content === undefined) return [];
        return (row!.repeated ? (content as unknown[]) : [content]).map(
          (each) => `${key} ${codec.show(each)}`,
        );
      });
      const others = (value as Kept)[unknown] ?? [];
      return [...lines, ...others.map(({ type, bytes }) => `unknown ${type & NUMBER_MASK} ${hex(bytes)}`)];
    },
    sample(random, into) {
      for (const [key, row] of Object.entries(rows)) {
        if (random.depth === 0 || !random.once(3)) continue;
        if ("given" in row) {
          const kinds = Object.keys(row.kinds);
          into[row.given] = kinds[random.below(kinds.length)];
        }
        random.depth--;
        const codec = codecOf(row, into)!;
        into[key] = row.repeated ? [codec.sample(random), codec.sample(random)] : codec.sample(random);
        random.depth++;
      }
    },
  };
}

/** Lines of a nest, two spaces further in. */
export const block = (lines: readonly string[]): string =>
  lines.length === 0 ? "{}" : `{\n${lines.join("\n").replace(/^/gm, "  ")}\n}`;

/** A payload that is a set of attributes: `attrs({ id: attr(1, u16), protocol: attr(5, u16be) })`. */
export function attrs<const R extends Rows>(
  rows: R,
): Codec<AttrsValue<R>, AttrsValue<R, "in">> & { readonly rows: R } {
  // Made on first use: the tables of a program hold hundreds of rows, of which one call touches a few.
  let table: Attrs | undefined;
  const use = (): Attrs => (table ??= attributeTable(rows));
  const codec: Codec<Record<string, unknown>> & { rows: R } = {
    word: "attrs",
    composite: true,
    rows,
    write: (writer, value) => use().write(writer, value),
    read(reader) {
      const value: Record<string, unknown> = {};
      use().read(reader, value);
      return value;
    },
    show: (value) => block(use().show(value)),
    sample(random) {
      const value: Record<string, unknown> = {};
      use().sample(random, value);
      return value;
    },
  };
  return codec as Codec<unknown> as Codec<AttrsValue<R>, AttrsValue<R, "in">> & { readonly rows: R };
}
