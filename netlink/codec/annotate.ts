/** An annotated hex dump of any payload: four bytes a column, with the path and the value beside them. */
import { DecodeError } from "../errors.ts";
import type { Direction } from "../wire/direction.ts";
import { type Note, Reader } from "../wire/reader.ts";
import type { Codec } from "./codec.ts";

/** What `codec` reads in `bytes`, stretch by stretch; stops, with a last note, where it cannot be read. */
export function notesOf(codec: Codec<unknown>, bytes: Uint8Array, direction: Direction): readonly Note[] {
  const notes: Note[] = [];
  const reader = new Reader(bytes, direction, notes);
  try {
    codec.read(reader);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const offset = Math.min(error.byte, bytes.length);
    notes.push({
      offset,
      length: bytes.length - offset,
      path: [],
      text: `cannot be read: ${error.message}`,
    });
  }
  return notes.sort((a, b) => a.offset - b.offset || b.length - a.length);
}

const BYTES_A_LINE = 8;

function hexLines(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  for (let start = 0; start < bytes.length; start += BYTES_A_LINE) {
    const pairs = Array.from(bytes.subarray(start, start + BYTES_A_LINE), (byte) =>
      byte.toString(16).padStart(2, "0"),
    );
    lines.push(pairs.join(" "));
  }
  return lines.length === 0 ? [""] : lines;
}

const line = (offset: number, hex: string, meaning: string): string =>
  `${offset.toString(16).padStart(4, "0")}  ${hex.padEnd(BYTES_A_LINE * 3)} ${meaning}`.trimEnd();

/** The lines of a dump of `bytes` with `notes`; bytes without a note are shown as they are. */
export function dumpLines(bytes: Uint8Array, notes: readonly Note[]): string[] {
  const lines: string[] = [];
  let shown = 0;
  const show = (from: number, to: number, meaning: string): void => {
    hexLines(bytes.subarray(from, to)).forEach((hex, index) => {
      lines.push(line(from + index * BYTES_A_LINE, hex, index === 0 ? meaning : ""));
    });
    shown = Math.max(shown, to);
  };
  for (const { offset, length, path, text } of notes) {
    if (offset > shown) show(shown, offset, "padding");
    const indent = "  ".repeat(Math.max(0, path.length - 1));
    show(offset, offset + length, `${indent}${path.at(-1) ?? ""} ${text}`.replace(/^(\s*) /, "$1"));
  }
  if (shown < bytes.length) show(shown, bytes.length, "padding");
  return lines;
}

/** The annotated dump of what `codec` reads in `bytes`. */
export const annotate = (
  codec: Codec<unknown>,
  bytes: Uint8Array,
  direction: Direction = "fromKernel",
): string => dumpLines(bytes, notesOf(codec, bytes, direction)).join("\n");
