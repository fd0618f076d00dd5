/** `struct nla_bitfield32`: bits, and which of them are meant. */

import type { Codec } from "./codec.ts";
import { u32 } from "./integers.ts";
import { type Flags, flags } from "./names.ts";
import { struct } from "./struct.ts";

/** Bits with a selector: only bits named in `selector` are set (or cleared) to what `value` says. */
export const bitfield = <const N extends Readonly<Record<string, number>>>(
  names: N,
): Codec<{ value: Flags<N>; selector: Flags<N> }> => {
  const bits = flags(u32, names);
  return struct({ value: bits, selector: bits }) as Codec<{ value: Flags<N>; selector: Flags<N> }>;
};
