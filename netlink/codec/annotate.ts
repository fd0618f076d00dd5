/** An annotated hex dump of any payload: at most eight bytes a line, with the path and the value beside them. */
import { DecodeError } from "../errors.ts";
import type { Direction } from "../wire/direction.ts";
import { type Note, Reader } from "../wire/reader.ts";
import type { Codec } from "./codec.ts";

/**
 * What `codec` reads in `bytes` from `start` on, stretch by stretch; stops, with a last note, where it cannot be read.
 * Offsets count from the beginning of `bytes`.
 */
export function notesOf(
  codec: Codec<unknown>,
  bytes: Uint8Array,
  direction: Direction,
  start = 0,
): readonly Note[] {
  const notes: Note[] = [];
  const reader = new Reader(bytes, direction, notes);
  reader.take(start);
  try {
    codec.read(reader);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const offset = error.byte;
    notes.push({
      offset,
      length: bytes.length - offset,
      path: [],
      text: `cannot be read: ${error.message}`,
    });
  }
  return notes;
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

/** A note in words, further in by its depth. */
function meaningOf({ path, text }: Note): string {
  const words = path.length === 0 ? text : `${path.at(-1)} ${text}`;
  return "  ".repeat(Math.max(0, path.length - 1)) + words;
}

/** The lines of a dump of `bytes` with `notes`, which are in order; bytes without a note are shown as they are. */
export function dumpLines(bytes: Uint8Array, notes: readonly Note[]): string[] {
  const lines: string[] = [];
  let shown = 0;
  const show = (from: number, to: number, meaning: string): void => {
    hexLines(bytes.subarray(from, to)).forEach((hex, index) => {
      lines.push(line(from + index * BYTES_A_LINE, hex, index === 0 ? meaning : ""));
    });
    shown = Math.max(shown, to);
  };
  const showGap = (to: number): void => {
    if (to > shown) show(shown, to, to - shown < 4 ? "padding" : "not read");
  };
  for (const note of notes) {
    showGap(note.offset);
    show(note.offset, note.offset + note.length, meaningOf(note));
  }
  showGap(bytes.length);
  return lines;
}

/** The annotated dump of what `codec` reads in `bytes`. */
export const annotate = (
  codec: Codec<unknown>,
  bytes: Uint8Array,
  direction: Direction = "fromKernel",
): string => dumpLines(bytes, notesOf(codec, bytes, direction)).join("\n");
