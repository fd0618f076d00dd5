/**
 * Attribute sets: payloads made of attributes, by a table of rows.
 *
 * An absent key is an absent attribute. Key order is wire order both ways. What the table does not name, or what does
 * not fit its row because a newer kernel made it longer, is kept under the symbol `unknown` and written back.
 */
import { EncodeError } from "../errors.ts";
import type { Reader } from "../wire/reader.ts";
import type { Writer } from "../wire/writer.ts";
import { noteHeader, numberIn, readAttributes, readPayload, typeOf, writeAttribute } from "./attribute.ts";
import type { Codec } from "./codec.ts";
import type { Random } from "./random.ts";
import {
  type AnyRow,
  type AttrsValue,
  type Lazy,
  type Rows,
  type UnknownAttribute,
  unknown,
} from "./rows.ts";
import { bytes, hex } from "./strings.ts";

type Value = Record<string, unknown> & { [unknown]?: UnknownAttribute[] };
type Entry = { readonly key: string; readonly row: AnyRow };

/** The codec of a row, which may depend on what was read (or is to be written) already. */
function codecOf(row: AnyRow, siblings: Readonly<Value>): Codec<unknown> | undefined {
  if (!("given" in row)) return row.codec;
  const kind = siblings[row.given];
  return typeof kind === "string" && Object.hasOwn(row.kinds, kind) ? row.kinds[kind] : undefined;
}

/** Why there is no codec for a key that a value has. */
const withoutCodec = (row: AnyRow | undefined, siblings: Readonly<Value>): EncodeError =>
  new EncodeError(
    row !== undefined && "given" in row
      ? `the ${row.given} "${siblings[row.given]}" is none of ${Object.keys(row.kinds).join(", ")}`
      : "no attribute of this name is known here",
  );

function keepUnknown(reader: Reader, type: number, length: number, into: Value): void {
  const start = reader.position;
  const content = reader.copy(length);
  if (reader.takesNotes) reader.note(start, hex(content));
  into[unknown] ??= [];
  into[unknown].push({ type, bytes: content, after: Object.keys(into).length });
}

/** Reads a payload; gives undefined, and moves nothing, when it has bytes that the codec does not know. */
function readWhole(reader: Reader, length: number, codec: Codec<unknown>): { value: unknown } | undefined {
  const start = reader.position;
  const payload = readPayload(reader, length, codec);
  if (payload.left === 0) return payload;
  reader.rewind(start);
  return undefined;
}

function store(into: Value, { key, row }: Entry, value: unknown): void {
  if (!row.repeated) into[key] = value;
  else if (into[key] === undefined) into[key] = [value];
  else (into[key] as unknown[]).push(value);
}

/** Reads, writes, shows and samples the attributes of a table; `attrs` and `message` make codecs of it. */
export class AttributeTable<R extends Rows = Rows> {
  private made?: R;
  private byNumber?: readonly (Entry | undefined)[];

  /** @param others what becomes of attributes without a row when they are read */
  constructor(
    private readonly given: Lazy<R>,
    private readonly others: "kept" | "passed over" = "kept",
  ) {}

  get rows(): R {
    this.made ??= typeof this.given === "function" ? this.given() : this.given;
    return this.made;
  }

  private entry(number: number): Entry | undefined {
    if (this.byNumber === undefined) {
      const byNumber: Entry[] = [];
      for (const [key, row] of Object.entries(this.rows)) byNumber[row.number] = { key, row };
      this.byNumber = byNumber;
    }
    return this.byNumber[number];
  }

  private row(key: string): AnyRow | undefined {
    return Object.hasOwn(this.rows, key) ? this.rows[key] : undefined;
  }

  /** Reads attributes up to the reader's end. @throws DecodeError */
  read(reader: Reader, into: Value): void {
    readAttributes(reader, (type, length) => {
      const number = numberIn(type);
      const entry = this.entry(number);
      if (entry === undefined && this.others === "passed over") {
        reader.take(length);
        return;
      }
      const codec = entry && codecOf(entry.row, into);
      reader.under(entry?.key ?? `unknown ${number}`, () => {
        noteHeader(reader, `attribute ${number}`, length);
        const payload = codec && readWhole(reader, length, codec);
        if (payload === undefined) keepUnknown(reader, type, length, into);
        else store(into, entry!, payload.value);
      });
    });
  }

  /** Writes the attributes in `value`, where the keys in `skip` are no attributes. @throws EncodeError */
  write(writer: Writer, value: Readonly<Value>, skip?: ReadonlySet<string>): void {
    const others = value[unknown] ?? [];
    let nextOther = 0;
    const writeOthersUpTo = (after: number): void => {
      for (; nextOther < others.length && others[nextOther]!.after <= after; nextOther++) {
        const other = others[nextOther]!;
        writeAttribute(writer, other.type, bytes, other.bytes);
      }
    };
    for (const [index, key] of Object.keys(value).entries()) {
      writeOthersUpTo(index);
      if (value[key] !== undefined && !skip?.has(key))
        writer.under(key, () => this.writeKey(writer, key, value));
    }
    writeOthersUpTo(Number.POSITIVE_INFINITY);
  }

  private writeKey(writer: Writer, key: string, value: Readonly<Value>): void {
    const row = this.row(key);
    const codec = row && codecOf(row, value);
    if (row === undefined || codec === undefined) throw withoutCodec(row, value);
    const type = typeOf(row.number, row.nestedFlag, writer.direction);
    for (const content of row.repeated ? (value[key] as unknown[]) : [value[key]])
      writeAttribute(writer, type, codec, content);
  }

  /** A line or more for each attribute. */
  show(value: Readonly<Value>): string[] {
    const lines = Object.entries(value).flatMap(([key, content]) => {
      const row = this.row(key);
      const codec = row && codecOf(row, value);
      if (codec === undefined || content === undefined) return [];
      const contents = row?.repeated ? (content as unknown[]) : [content];
      return contents.map((each) => `${key} ${codec.show(each)}`);
    });
    const others = value[unknown] ?? [];
    return [...lines, ...others.map(({ type, bytes }) => `unknown ${numberIn(type)} ${hex(bytes)}`)];
  }

  /** Puts some of the attributes into `into`, with random values. */
  sample(random: Random, into: Value): void {
    for (const [key, row] of Object.entries(this.rows)) {
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
  }
}

/** Lines of a nest, two spaces further in. */
export const block = (lines: readonly string[]): string =>
  lines.length === 0 ? "{}" : `{\n${lines.join("\n").replace(/^/gm, "  ")}\n}`;

/** A payload that is a set of attributes: `attrs({ id: attr(1, u16), protocol: attr(5, u16be) })`. */
export function attrs<const R extends Rows>(
  rows: Lazy<R>,
): Codec<AttrsValue<R>, AttrsValue<R, "in">> & { readonly rows: R } {
  const table = new AttributeTable(rows);
  const codec: Codec<Value> & { rows: R } = {
    word: "attrs",
    composite: true,
    get rows() {
      return table.rows;
    },
    write: (writer, value) => table.write(writer, value),
    read(reader) {
      const value: Value = {};
      table.read(reader, value);
      return value;
    },
    show: (value) => block(table.show(value)),
    sample(random) {
      const value: Value = {};
      table.sample(random, value);
      return value;
    },
  };
  return codec as Codec<unknown> as Codec<AttrsValue<R>, AttrsValue<R, "in">> & { readonly rows: R };
}
