/** Lists: nests whose attributes are the elements, and values one after another. */
import { DecodeError, EncodeError } from "../errors.ts";
import type { Direction } from "../wire/direction.ts";
import type { Reader } from "../wire/reader.ts";
import type { Writer } from "../wire/writer.ts";
import { NESTED } from "./attrs.ts";
import type { Codec } from "./codec.ts";

function writeElement<Out, In>(writer: Writer, type: number, codec: Codec<Out, In>, value: In): void {
  const start = writer.take(4);
  writer.nested(() => codec.write(writer, value));
  writer.view.setUint16(start, writer.position - start, true);
  writer.view.setUint16(start + 2, type, true);
  writer.align();
}

function readElement<Out, In>(reader: Reader, codec: Codec<Out, In>): Out {
  const header = reader.take(4);
  const length = reader.view.getUint16(header, true) - 4;
  if (length < 0) throw new DecodeError("an element is shorter than its header", header);
  reader.note(header, `element, ${length} bytes`);
  const start = reader.position;
  const value = reader.within(length, () => {
    const value = codec.read(reader);
    if (!codec.composite) reader.note(start, codec.show(value));
    return value;
  });
  reader.position = Math.min((reader.position + 3) & ~3, reader.end);
  return value;
}

function list<Out, In>(
  word: string,
  codec: Codec<Out, In>,
  typeAt: (index: number, direction: Direction) => number,
): Codec<readonly Out[], readonly In[]> {
  return {
    word,
    composite: true,
    write(writer, values) {
      values.forEach((value, index) => {
        try {
          writeElement(writer, typeAt(index, writer.direction), codec, value);
        } catch (error) {
          throw error instanceof EncodeError ? error.inside(index) : error;
        }
      });
    },
    read(reader) {
      const values: Out[] = [];
      while (reader.left >= 4) {
        try {
          values.push(reader.under(String(values.length), () => readElement(reader, codec)));
        } catch (error) {
          throw error instanceof DecodeError ? error.inside(values.length) : error;
        }
      }
      reader.take(reader.left);
      return values;
    },
    show: (values) => `[${values.map((value) => codec.show(value)).join(", ")}]`,
    sample: (random) => random.several(2, () => codec.sample(random)),
  };
}

/**
 * A list whose elements are numbered: attribute 1 is the first, 2 the second (or from `first` on).
 * @param nestedFlag set when requests mark each element as a nest
 */
export const indexed = <Out, In>(
  codec: Codec<Out, In>,
  first = 1,
  nestedFlag: "never" | "toKernel" = "never",
): Codec<readonly Out[], readonly In[]> =>
  list(`indexed(${codec.word})`, codec, (index, direction) =>
    direction === nestedFlag ? (first + index) | NESTED : first + index,
  );

/**
 * A list whose elements all have the same `number`, as nf_tables has them (NFTA_LIST_ELEM).
 * @param nestedFlag set when requests mark each element as a nest
 */
export const listOf = <Out, In>(
  number: number,
  codec: Codec<Out, In>,
  nestedFlag: "never" | "toKernel" = "never",
): Codec<readonly Out[], readonly In[]> =>
  list(`listOf(${codec.word})`, codec, (_, direction) =>
    direction === nestedFlag ? number | NESTED : number,
  );

/** Values of a fixed size one after another, up to the end of the attribute. */
export const array = <Out, In>(codec: Codec<Out, In>): Codec<readonly Out[], readonly In[]> => ({
  word: `array(${codec.word})`,
  write(writer, values) {
    values.forEach((value, index) => {
      try {
        codec.write(writer, value);
      } catch (error) {
        throw error instanceof EncodeError ? error.inside(index) : error;
      }
    });
  },
  read(reader) {
    const values: Out[] = [];
    while (reader.left > 0) values.push(codec.read(reader));
    return values;
  },
  show: (values) => `[${values.map((value) => codec.show(value)).join(", ")}]`,
  sample: (random) => random.several(4, () => codec.sample(random)),
});
