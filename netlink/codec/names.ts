/** Numbers with names: one of several, or a set of bits. What has no name stays a number. */
import { EncodeError } from "../errors.ts";
import type { Codec } from "./codec.ts";
import type { Random } from "./random.ts";

type Names = Readonly<Record<string, number>>;

/** One of `names`, or a number that none of them has. */
export type OneOf<N extends Names> = keyof N | (number & {});

/** Names and unnamed bits, lowest bit first. */
export type Flags<N extends Names> = readonly (keyof N | (number & {}))[];

/** A codec whose numbers have names. */
export interface Named<N extends Names> {
  readonly names: N;
}

function numberOf(names: Names, name: string | number | symbol): number {
  if (typeof name === "number") return name;
  const number = Object.hasOwn(names, name) ? names[name as string] : undefined;
  if (number === undefined) {
    throw new EncodeError(`"${String(name)}" is none of ${Object.keys(names).join(", ")}`);
  }
  return number;
}

/** Gives numbers their names, where they have one. */
function naming<N extends Names>(names: N): (number: number) => keyof N | number {
  // Made on first use: a program has many such tables and one call touches a few.
  let byNumber: Map<number, keyof N> | undefined;
  return (number) => {
    byNumber ??= new Map(Object.entries(names).map(([name, number]) => [number, name]));
    return byNumber.get(number) ?? number;
  };
}

/** A number that has a name: `oneOf(u8, { down: 0, up: 1 })`. Unknown numbers stay numbers. */
export function oneOf<const N extends Names>(base: Codec<number>, names: N): Codec<OneOf<N>> & Named<N> {
  const named = naming(names);
  return {
    word: `oneOf(${base.word})`,
    names,
    ...(base.size !== undefined && { size: base.size }),
    write: (writer, value) => base.write(writer, numberOf(names, value)),
    read: (reader) => named(base.read(reader)),
    show: (value) => String(value),
    sample(random: Random) {
      const known = Object.values(names);
      return named(random.once(4) ? base.sample(random) : known[random.below(known.length)]!);
    },
  };
}

/** As `numberOf`, for what is put together with others: the parts of a number above 32 bits would be lost. */
function bitsOf(names: Names, name: string | number | symbol): number {
  const bits = numberOf(names, name);
  if (bits !== bits >>> 0) throw new EncodeError(`${bits} is not a bit of a u32`);
  return bits;
}

/** Bits that have names: `flags(u32, { up: 1, broadcast: 2 })`. Unknown bits stay numbers, one each. */
export function flags<const N extends Names>(base: Codec<number>, names: N): Codec<Flags<N>> & Named<N> {
  // The few combinations that occur are split up once: a dump of 10,000 links has two or three of them.
  const seen = new Map<number, Flags<N>>();
  const nameOf = naming(names);
  const split = (bits: number): Flags<N> => {
    const set: (keyof N | number)[] = [];
    for (let rest = bits; rest !== 0; ) {
      const lowest = (rest & -rest) >>> 0;
      set.push(nameOf(lowest));
      rest = (rest ^ lowest) >>> 0;
    }
    return Object.freeze(set);
  };
  const named = (bits: number): Flags<N> => {
    let set = seen.get(bits);
    if (set === undefined) {
      set = split(bits);
      if (seen.size < 64) seen.set(bits, set);
    }
    return set;
  };
  return {
    word: `flags(${base.word})`,
    names,
    ...(base.size !== undefined && { size: base.size }),
    write(writer, value) {
      let bits = 0;
      for (const name of value) bits |= bitsOf(names, name);
      base.write(writer, bits >>> 0);
    },
    read: (reader) => named(base.read(reader)),
    show: (value) => (value.length === 0 ? "none" : value.map(bitText).join(" ")),
    sample: (random: Random) => named(base.sample(random)),
  };
}

const bitText = (bit: string | number | symbol): string =>
  typeof bit === "number" ? `0x${bit.toString(16)}` : String(bit);
