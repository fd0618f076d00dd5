/** The words in which it is told how an attribute is shown. */
import { hasEnumWith } from "./headers.ts";

/**
 * How an attribute's payload is shown.
 * - `nest`: attributes numbered by the enum that has `member`, after a struct if there is one
 * - `each`: attributes that all hold `shape` and whose numbers say nothing
 * - `families`: a nest for each address family, numbered by family
 * - `choose`: decided by the strings that stand beside it, such as the kind of a link
 */
export type Shape =
  | { is: Plain }
  | { is: "nest"; member: string; struct?: string }
  | { is: "each"; name: string; shape: Shape }
  | { is: "families" }
  | { is: "choose"; of: (beside: ReadonlyMap<string, string>, family: number) => Shape }
  | { is: "struct"; name: string }
  | { is: "oneOf" | "flags"; member: string };

type Plain =
  | "string"
  | "mac"
  | "ip"
  | "userdata"
  | "bytes"
  | "numbers" // many 32-bit numbers in the machine's order
  | "networkNumber" // in network order even where the protocol has the machine's
  | "verdict"
  | "nexthops"; // `struct rtnexthop`, each followed by attributes

export const plain = (is: Plain): Shape => ({ is });
export const nest = (member: string, struct?: string): Shape =>
  struct ? { is: "nest", member, struct } : { is: "nest", member };
export const each = (name: string, shape: Shape): Shape => ({ is: "each", name, shape });
export const choose = (of: (beside: ReadonlyMap<string, string>, family: number) => Shape): Shape => ({
  is: "choose",
  of,
});
export const struct = (name: string): Shape => ({ is: "struct", name });
export const oneOf = (member: string): Shape => ({ is: "oneOf", member });
export const flags = (member: string): Shape => ({ is: "flags", member });
export const all = (shape: Shape, names: string): Record<string, Shape> =>
  Object.fromEntries(
    names
      .trim()
      .split(/\s+/)
      .map((name) => [name, shape]),
  );

/** The nest of an enum whose first member is `PREFIX_UNSPEC`, or plain bytes where the headers have no such enum. */
export const nestIfKnown = (prefix: string): Shape =>
  hasEnumWith(`${prefix}_UNSPEC`) ? nest(`${prefix}_UNSPEC`) : plain("bytes");
