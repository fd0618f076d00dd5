/** Bytes being read: a cursor with an end, that never passes it and can take notes of what it read. */
import { DecodeError } from "../errors.ts";
import { aligned } from "./align.ts";
import type { Direction } from "./direction.ts";

/** Nests deeper than this are hostile. The deepest that the kernel makes is about ten. */
const DEPTH_LIMIT = 32;

/** What a stretch of bytes means. */
export interface Note {
  readonly offset: number;
  readonly length: number;
  /** Attribute or member, from the outside in. */
  readonly path: readonly string[];
  /** The value in words, or what kind of header this is. */
  readonly text: string;
}

/** A number of bytes in words. */
export const inBytes = (count: number): string => `${count} ${count === 1 ? "byte" : "bytes"}`;

export class Reader {
  readonly view: DataView;
  position: number;
  end: number;
  private depth = 0;
  private path: string[] = [];

  constructor(
    readonly bytes: Uint8Array,
    readonly direction: Direction = "fromKernel",
    /** Where notes are taken, for annotated dumps; without it none are. */
    private readonly notes?: Note[],
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.position = 0;
    this.end = bytes.length;
  }

  /** How many bytes are left before the end. */
  get left(): number {
    return this.end - this.position;
  }

  /** Whether notes are taken: ask before making a costly text. */
  get takesNotes(): boolean {
    return this.notes !== undefined;
  }

  /** Moves past `length` bytes and gives the offset at which they start. @throws DecodeError */
  take(length: number): number {
    const start = this.position;
    if (length > this.end - start) {
      throw new DecodeError(`needs ${inBytes(length)}, ${this.end - start} left`, start);
    }
    this.position = start + length;
    return start;
  }

  /** The next `length` bytes, copied. @throws DecodeError */
  copy(length: number): Uint8Array {
    const start = this.take(length);
    return this.bytes.slice(start, start + length);
  }

  /** Reads what `read` reads of exactly the next `length` bytes. @throws DecodeError */
  within<T>(length: number, read: () => T): T {
    const start = this.take(length);
    if (this.depth === DEPTH_LIMIT) throw new DecodeError(`nested more than ${DEPTH_LIMIT} deep`, start);
    const end = this.end;
    this.position = start;
    this.end = start + length;
    this.depth++;
    try {
      return read();
    } finally {
      this.depth--;
      this.end = end;
      this.position = start + length;
    }
  }

  /** Moves to the next multiple of four bytes, or to the end if that is nearer. */
  align(): void {
    this.position = Math.min(aligned(this.position), this.end);
  }

  /** Moves back to `position`, and forgets the notes taken from there on. */
  rewind(position: number): void {
    this.position = position;
    while (this.notes?.length && this.notes.at(-1)!.offset >= position) this.notes.pop();
  }

  /** Reads what `read` reads, with `key` in the path of its notes and of its errors. @throws DecodeError */
  under<T>(key: string | number, read: () => T): T {
    if (this.notes !== undefined) this.path.push(String(key));
    try {
      return read();
    } catch (error) {
      throw error instanceof DecodeError ? error.inside(key) : error;
    } finally {
      if (this.notes !== undefined) this.path.pop();
    }
  }

  /** Notes that the bytes from `start` up to here mean `text`, if notes are taken. */
  note(start: number, text: string): void {
    this.notes?.push({ offset: start, length: this.position - start, path: [...this.path], text });
  }
}
