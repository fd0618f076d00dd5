/** One assertion for codecs: these bytes are this value, and this value is these bytes. */
import { expect } from "bun:test";
import { type Codec, decode, encode } from "../../netlink/codec/index.ts";
import type { Direction } from "../../netlink/wire/direction.ts";
import { hex } from "../bytes.ts";

/** @param bytes hexadecimal digits, with comments after `#` */
export function expectBothWays<Out, In extends Out>(
  codec: Codec<Out, In>,
  value: In,
  bytes: string,
  direction: Direction = "fromKernel",
): void {
  expect(encode(codec, value, direction)).toEqual(hex(bytes));
  expect(decode(codec, hex(bytes), direction)).toEqual(value);
}
