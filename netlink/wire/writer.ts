/** Bytes being written: a buffer that grows. After an error it is of no more use. */
import { EncodeError } from "../errors.ts";
import { aligned } from "./align.ts";
import type { Direction } from "./direction.ts";

/** Nests deeper than this are a mistake (a value that contains itself). */
const DEPTH_LIMIT = 32;

export class Writer {
  // Over an explicit ArrayBuffer: small typed arrays move in memory, which the socket layer must not see.
  private buffer: Uint8Array;
  view: DataView;
  position = 0;
  private depth = 0;

  constructor(
    capacity = 1024,
    readonly direction: Direction = "toKernel",
  ) {
    const memory = new ArrayBuffer(capacity);
    this.buffer = new Uint8Array(memory);
    this.view = new DataView(memory);
  }

  /** What has been written, without a copy: valid until the next write. */
  get bytes(): Uint8Array {
    return this.buffer.subarray(0, this.position);
  }

  /** Makes room for `length` bytes and gives the offset at which they start. The bytes are zero. */
  take(length: number): number {
    const start = this.position;
    this.position = start + length;
    if (this.position > this.buffer.length) this.grow();
    return start;
  }

  private grow(): void {
    const memory = new ArrayBuffer(Math.max(this.position, this.buffer.length * 2));
    const larger = new Uint8Array(memory);
    larger.set(this.buffer);
    this.buffer = larger;
    this.view = new DataView(memory);
  }

  /** Copies `bytes` to the end. */
  put(bytes: Uint8Array): void {
    const start = this.take(bytes.length);
    this.buffer.set(bytes, start);
  }

  /** Fills up with zeros to the alignment of netlink. */
  align(): void {
    this.take(aligned(this.position) - this.position);
  }

  /** Runs `write` one nest deeper. @throws EncodeError when the nests are too deep */
  nested(write: () => void): void {
    if (this.depth === DEPTH_LIMIT) throw new EncodeError(`nested more than ${DEPTH_LIMIT} deep`);
    this.depth++;
    write();
    this.depth--;
  }

  /** Runs `write` with `key` in the path of its errors. @throws EncodeError */
  under(key: string | number, write: () => void): void {
    try {
      write();
    } catch (error) {
      throw error instanceof EncodeError ? error.inside(key) : error;
    }
  }
}
