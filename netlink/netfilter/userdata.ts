/**
 * Userdata: what `nft` keeps with tables, chains, rules, sets and elements, as records of 1 byte type, 1 byte length
 * and payload, without padding (libnftnl, udata.h). The kernel stores it and gives it back, at most 256 bytes.
 *
 * An absent key is an absent record, key order is wire order, and records without a name are kept. Bytes that are no
 * such records, as other programs may leave there, end up among the unknown attributes of their message.
 */
import { type Codec, cstring, type Infer, type UnknownAttribute, u32, unknown } from "../codec/index.ts";
import { hex } from "../codec/strings.ts";
import { EncodeError } from "../errors.ts";
import type { Reader } from "../wire/reader.ts";
import type { Writer } from "../wire/writer.ts";

/** One kind of record. */
interface RecordRow<T> {
  readonly number: number;
  readonly codec: Codec<T>;
}
type RecordRows = Readonly<Record<string, RecordRow<unknown>>>;

type Records<R extends RecordRows> = {
  -readonly [K in keyof R]?: Infer<R[K]["codec"]> | undefined;
} & { [unknown]?: readonly UnknownAttribute[] | undefined };

type Value = Record<string, unknown> & { [unknown]?: UnknownAttribute[] };

/** A record with this number and payload. */
const record = <T>(number: number, codec: Codec<T>): RecordRow<T> => ({ number, codec });

function writeRecord(writer: Writer, type: number, write: () => void): void {
  const start = writer.take(2);
  write();
  const length = writer.position - start - 2;
  if (length > 255) throw new EncodeError(`${length} bytes do not fit a userdata record of at most 255`);
  writer.view.setUint8(start, type);
  writer.view.setUint8(start + 1, length);
}

function userdata<const R extends RecordRows>(rows: R): Codec<Records<R>> {
  function readRecord(reader: Reader, type: number, length: number, value: Value): void {
    const [key, row] = Object.entries(rows).find(([, { number }]) => number === type) ?? [];
    if (key !== undefined && row !== undefined) {
      const start = reader.position;
      reader.under(key, () => {
        value[key] = reader.within(length, () => row.codec.read(reader));
        reader.note(start, row.codec.show(value[key]));
      });
      return;
    }
    const start = reader.position;
    const bytes = reader.copy(length);
    reader.note(start, hex(bytes));
    value[unknown] ??= [];
    value[unknown].push({ type, bytes, after: Object.keys(value).length });
  }

  const codec: Codec<Value> = {
    word: "userdata",
    composite: true,
    write(writer, value) {
      const others = value[unknown] ?? [];
      const writeOthers = (written: number): void => {
        for (const { type, bytes, after } of others) {
          if (after === written) writeRecord(writer, type, () => writer.put(bytes));
        }
      };
      let written = 0;
      writeOthers(written);
      for (const [key, content] of Object.entries(value)) {
        const row = rows[key];
        if (row === undefined) {
          throw new EncodeError("no userdata record of this name is known here").inside(key);
        }
        if (content !== undefined) writeRecord(writer, row.number, () => row.codec.write(writer, content));
        writeOthers(++written);
      }
    },
    read(reader) {
      const value: Value = {};
      while (reader.left >= 2) {
        const length = reader.bytes[reader.position + 1]!;
        if (length > reader.left - 2) break; // not such records: the attribute is kept as it is
        const header = reader.take(2);
        reader.note(header, `record ${reader.bytes[header]}, ${length} bytes`);
        readRecord(reader, reader.bytes[header]!, length, value);
      }
      return value;
    },
    show(value) {
      const shown = Object.entries(value).map(([key, content]) => `${key} ${rows[key]?.codec.show(content)}`);
      return `{ ${shown.join(", ")} }`;
    },
    sample(random) {
      const drawn = Object.entries(rows).filter(() => random.once(2));
      return Object.fromEntries(drawn.map(([key, row]) => [key, row.codec.sample(random)]));
    },
  };
  return codec as Codec<unknown> as Codec<Records<R>>;
}

/** A comment that `nft` shows; it takes at most 128 bytes itself (enum nftnl_udata_table_types). */
export const TableUserdata = userdata({ comment: record(0, cstring) });
/** enum nftnl_udata_chain_types. */
export const ChainUserdata = userdata({ comment: record(0, cstring) });
/** enum nftnl_udata_rule_types. */
export const RuleUserdata = userdata({ comment: record(0, cstring) });

/** enum nftnl_udata_set_elem_types. */
export const ElementUserdata = userdata({
  comment: record(0, cstring),
  /** 1: an interval that reaches to the highest value, so that no other element ends it. */
  flags: record(1, u32),
});

/** enum nftnl_udata_set_types, without those that hold nft's own parse tree. */
export const SetUserdata = userdata({
  /** In which order of bytes `nft` prints keys: 0 each part its own, 1 the machine's, 2 the network's. */
  keyByteorder: record(0, u32),
  /** The same of a map's data. */
  dataByteorder: record(1, u32),
  /** Whether nft joins adjacent intervals (`auto-merge`). */
  mergeElements: record(2, u32),
  comment: record(7, cstring),
});
