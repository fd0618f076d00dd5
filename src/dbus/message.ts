/**
 * Messages of D-Bus: calls with texts as arguments, and what answers them (D-Bus specification, "Message Protocol").
 * Little-endian when written; read in the order of bytes that the sender says.
 */
import { ProtocolError } from "../../netlink/errors.ts";

/** A method, and whose. */
export interface Method {
  /** The name that its owner has on the bus: `org.freedesktop.DBus`. */
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
}

/** What answers a call, or another message that came by. */
export interface Answer {
  readonly type: "return" | "error" | "other";
  /** The number of the call that is answered. */
  readonly replySerial: number | undefined;
  readonly errorName: string | undefined;
  /** The first argument, where it is a text or a truth value. */
  readonly value: string | boolean | undefined;
}

const LITTLE = 0x6c; // "l"
const CALL = 1;
const types: Readonly<Record<number, Answer["type"]>> = { 2: "return", 3: "error" };
/** The owner of the name is not started for the call. */
const NO_AUTO_START = 2;
const VERSION = 1;
/** What a message begins with: order of bytes, type, flags, version, length of the body, serial, length of the fields. */
const FIXED = 16;
/** A message has 128 MiB at most; a tenth of a thousandth is more than anybody here has to say. */
const LONGEST = 65_536;

/** Codes of header fields with the types of their values. */
const fields = {
  path: [1, "o"],
  interface: [2, "s"],
  member: [3, "s"],
  errorName: [4, "s"],
  replySerial: [5, "u"],
  destination: [6, "s"],
  signature: [8, "g"],
} as const;

const aligned = (position: number, to: number): number => Math.ceil(position / to) * to;

/** Bytes of a message that is being written; values stand at multiples of their size from its beginning. */
class Writer {
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

function written(write: (writer: Writer) => void): Uint8Array {
  const writer = new Writer();
  write(writer);
  return writer.done();
}

/** A call of a method whose arguments are texts. */
export function callMessage(
  serial: number,
  method: Method,
  args: readonly string[],
): Uint8Array<ArrayBuffer> {
  const body = written((writer) => {
    for (const each of args) writer.text(each);
  });
  const header = written((writer) => {
    writer.field(fields.path, method.path);
    writer.field(fields.interface, method.interface);
    writer.field(fields.member, method.member);
    writer.field(fields.destination, method.destination);
    if (args.length > 0) writer.field(fields.signature, "s".repeat(args.length));
  });
  const whole = new Writer();
  for (const each of [LITTLE, CALL, NO_AUTO_START, VERSION]) whole.byte(each);
  for (const each of [body.length, serial, header.length]) whole.u32(each);
  whole.put(header);
  whole.align(8);
  whole.put(body);
  return whole.done();
}

function broken(said: string): ProtocolError {
  return new ProtocolError("read a message of the bus", "EPROTO", said);
}

/** Bytes of a message that is being read. */
class Reader {
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

/**
 * How long the message is that `bytes` begin with; undefined while that cannot be told.
 * @throws ProtocolError when it is none, or too long
 */
export function lengthOf(bytes: Uint8Array): number | undefined {
  if (bytes.length < FIXED) return undefined;
  if (bytes[3] !== VERSION) throw broken(`version ${bytes[3]} is not known`);
  const reader = new Reader(bytes);
  reader.position = 4;
  const body = reader.u32();
  reader.u32();
  const length = aligned(FIXED + reader.u32(), 8) + body;
  if (length > LONGEST) throw broken(`it has ${length} bytes`);
  return length;
}

/** What a whole message says. @throws ProtocolError */
export function readAnswer(bytes: Uint8Array): Answer {
  const reader = new Reader(bytes);
  reader.position = 12;
  const end = FIXED + reader.u32();
  const found = new Map<number, string | number | undefined>();
  while (reader.position < end) {
    reader.align(8);
    const code = reader.byte();
    const type = reader.signature();
    const value = reader.value(type);
    if (value === undefined) throw broken(`a header field has the type ${type}`);
    found.set(code, value);
  }
  reader.align(8);
  const [type] = `${found.get(fields.signature[0]) ?? ""}`;
  const value = reader.value(type);
  const replySerial = found.get(fields.replySerial[0]);
  const errorName = found.get(fields.errorName[0]);
  return {
    type: types[bytes[1] ?? 0] ?? "other",
    replySerial: typeof replySerial === "number" ? replySerial : undefined,
    errorName: typeof errorName === "string" ? errorName : undefined,
    value: type === "b" ? value !== 0 : typeof value === "string" ? value : undefined,
  };
}
