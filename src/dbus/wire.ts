/**
 * How values stand in messages of D-Bus (D-Bus specification, "Marshaling"): each at a multiple of its size from the
 * message's beginning, little-endian when written, in the order of bytes that the sender says when read.
 */
import { ProtocolError } from "../../netlink/errors.ts";

/** What little-endian messages begin with: `l`. */
export const LITTLE = 0x6c;

export const aligned = (position: number, to: number): number => Math.ceil(position / to) * to;

/** Bytes of a message that is being written; values stand at multiples of their size from its beginning. */
export class Writer {
  private readonly bytes: number[] = [];

  get length(): number {
    return this.bytes.length;
  }

  align(to: number): void {
    while (this.bytes.length % to !== 0) this.bytes.push(0);
  }

  byte(value: number): void {
    this.bytes.push(value);
  }

  u32(value: number): void {
    this.align(4);
    for (let shift = 0; shift < 32; shift += 8) this.bytes.push((value >>> shift) & 0xff);
  }

  /** Length, UTF-8 and a zero. */
  text(value: string): void {
    const encoded = new TextEncoder().encode(value);
    this.u32(encoded.length);
    this.bytes.push(...encoded, 0);
  }

  /** A signature: a text whose length has one byte. */
  signature(value: string): void {
    this.bytes.push(value.length, ...new TextEncoder().encode(value), 0);
  }

  /** A header field: its code, and a variant with its value. */
  field([code, type]: readonly [number, string], value: string): void {
    this.align(8);
    this.byte(code);
    this.signature(type);
    if (type === "g") this.signature(value);
    else this.text(value);
  }

  put(bytes: Uint8Array): void {
    this.bytes.push(...bytes);
  }

  done(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.bytes);
  }
}

/** What is thrown for a message that breaks the rules. */
export function broken(said: string): ProtocolError {
  return new ProtocolError("read a message of the bus", "EPROTO", said);
}

/** Bytes of a message that is being read. */
export class Reader {
  private readonly view: DataView;
  private readonly little: boolean;
  position = 0;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.little = bytes[0] === LITTLE;
  }

  align(to: number): void {
    this.position = aligned(this.position, to);
  }

  private take(count: number): number {
    const start = this.position;
    this.position += count;
    if (this.position > this.bytes.length) throw broken("it ends too early");
    return start;
  }

  byte(): number {
    return this.bytes[this.take(1)]!;
  }

  u32(): number {
    this.align(4);
    return this.view.getUint32(this.take(4), this.little);
  }

  private textOf(length: number): string {
    const start = this.take(length + 1);
    return new TextDecoder().decode(this.bytes.subarray(start, start + length));
  }

  text(): string {
    return this.textOf(this.u32());
  }

  signature(): string {
    return this.textOf(this.byte());
  }

  /** A value of one of the types that header fields and the answers here have; undefined for others. */
  value(type: string | undefined): string | number | undefined {
    if (type === "s" || type === "o") return this.text();
    if (type === "g") return this.signature();
    if (type === "u" || type === "b") return this.u32();
    return undefined;
  }
}
