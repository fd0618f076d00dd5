/** The vocabulary in which payloads are described. */
export { annotate, dumpLines, notesOf } from "./annotate.ts";
export { attrs } from "./attrs.ts";
export { bitfield } from "./bitfield.ts";
export { asym, recursive } from "./choice.ts";
export { type Codec, decode, encode, type Infer, type InferInput } from "./codec.ts";
export {
  bool,
  flag,
  s8,
  s16,
  s16be,
  s32,
  s32be,
  s64,
  s64be,
  u8,
  u16,
  u16be,
  u32,
  u32be,
  u64,
  u64be,
  uint,
} from "./integers.ts";
export { array, indexed, listOf } from "./list.ts";
export { type MessageInput, type MessageValue, message, summary } from "./message.ts";
export { type Flags, flags, type OneOf, oneOf } from "./names.ts";
export { Random } from "./random.ts";
export {
  type AttrsValue,
  attr,
  byKind,
  nest,
  otherKind,
  type Row,
  type Rows,
  repeated,
  type UnknownAttribute,
  unknown,
} from "./rows.ts";
export { address, bytes, cstring, fixedBytes, mac, text } from "./strings.ts";
export { growing, padding, rest, struct } from "./struct.ts";
