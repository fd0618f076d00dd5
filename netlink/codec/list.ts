/** Lists: nests whose attributes are the elements, and C arrays. */
import type { Direction } from "../wire/direction.ts";
import {
  type NestedFlag,
  noteHeader,
  readAttributes,
  readPayload,
  typeOf,
  writeAttribute,
} from "./attribute.ts";
import type { Codec } from "./codec.ts";

function list<Out, In>(
  word: string,
  codec: Codec<Out, In>,
  typeAt: (index: number, direction: Direction) => number,
): Codec<readonly Out[], readonly In[]> {
  return {
    word,
    composite: true,
    write(writer, values) {
      for (const [index, value] of values.entries()) {
        const type = typeAt(index, writer.direction);
        writer.under(index, () => writeAttribute(writer, type, codec, value));
      }
    },
    read(reader) {
      const values: Out[] = [];
      readAttributes(reader, (_, length) => {
        reader.under(values.length, () => {
          noteHeader(reader, "element", length);
          values.push(readPayload(reader, length, codec).value);
        });
      });
      return values;
    },
    show: (values) => `[${values.map((value) => codec.show(value)).join(", ")}]`,
    sample: (random) => random.several(2, () => codec.sample(random)),
  };
}

/** A C array up to the end of its attribute: elements of one size, one after another. */
export function array<Out, In>(codec: Codec<Out, In>): Codec<readonly Out[], readonly In[]> {
  const { size } = codec;
  if (size === undefined) throw new TypeError(`an array of ${codec.word}, whose size is not known`);
  return {
    word: `array(${codec.word})`,
    ...(codec.composite && { composite: codec.composite }),
    write(writer, values) {
      for (const [index, value] of values.entries()) writer.under(index, () => codec.write(writer, value));
    },
    read(reader) {
      const values: Out[] = [];
      while (reader.left >= size) values.push(codec.read(reader));
      return values;
    },
    show: (values) => `[${values.map((value) => codec.show(value)).join(", ")}]`,
    sample: (random) => random.several(4, () => codec.sample(random)),
  };
}

/**
 * A list whose elements are numbered: attribute 1 is the first, 2 the second (or from `first` on). The numbers are not
 * looked at when it is read, nor what a newer kernel may put behind the known end of an element.
 * @param nestedFlag when each element is marked as a nest
 */
export const indexed = <Out, In>(
  codec: Codec<Out, In>,
  first = 1,
  nestedFlag: NestedFlag = "never",
): Codec<readonly Out[], readonly In[]> =>
  list(`indexed(${codec.word})`, codec, (index, direction) => typeOf(first + index, nestedFlag, direction));

/**
 * A list whose elements all have the same `number`, as nf_tables has them (NFTA_LIST_ELEM). Read as `indexed` is.
 * @param nestedFlag when each element is marked as a nest
 */
export const listOf = <Out, In>(
  number: number,
  codec: Codec<Out, In>,
  nestedFlag: NestedFlag = "never",
): Codec<readonly Out[], readonly In[]> =>
  list(`listOf(${codec.word})`, codec, (_, direction) => typeOf(number, nestedFlag, direction));
