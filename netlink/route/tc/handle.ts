/** Handles: how traffic control names its queueing disciplines and classes (TC_H_*, linux/pkt_sched.h). */
import type { Codec } from "../../codec/index.ts";
import { u32 } from "../../codec/index.ts";
import { EncodeError } from "../../errors.ts";

const WORDS: Readonly<Record<string, number>> = { none: 0, root: 0xffffffff };

const NUMBERS = /^([0-9a-f]{0,4}):([0-9a-f]{0,4})$/i;

function numberOf(text: string): number {
  if (Object.hasOwn(WORDS, text)) return WORDS[text]!;
  const [, major, minor] = NUMBERS.exec(text) ?? [];
  if (major === undefined || text === ":")
    throw new EncodeError(`"${text}" is no handle such as "1:", "1:10" or "root"`);
  return (Number.parseInt(major || "0", 16) * 0x10000 + Number.parseInt(minor || "0", 16)) >>> 0;
}

const inHex = (number: number): string => (number === 0 ? "" : number.toString(16));

const textOf = (number: number): string =>
  Object.keys(WORDS).find((word) => WORDS[word] === number) ??
  `${inHex(number >>> 16)}:${inHex(number & 0xffff)}`;

/**
 * A handle as `tc` writes it: `1:` is a queueing discipline, `1:10` a class of it, both numbers in hexadecimal; `root`
 * as a parent is where packets leave a link, and `none` is no handle.
 */
export const handle: Codec<string> & { readonly size: number } = {
  word: "handle",
  size: 4,
  write: (writer, value) => u32.write(writer, numberOf(value)),
  read: (reader) => textOf(u32.read(reader)),
  show: (value) => value,
  sample: (random) => textOf(u32.sample(random)),
};

/** Parents at which traffic control sees packets that come in, and those that leave before they queue. */
export const hooks = {
  /** The parent of `ingress` and `clsact`, whose own handle is `ffff:`. */
  qdisc: "ffff:fff1",
  /** The parent of filters of `clsact` for packets that come in. Those of `ingress` have `ffff:`. */
  ingress: "ffff:fff2",
  /** The parent of filters of `clsact` for packets that leave. */
  egress: "ffff:fff3",
} as const;
