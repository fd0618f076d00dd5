/** Messages of D-Bus: calls with texts as arguments, and what answers them (D-Bus specification, "Message Protocol"). */
import { aligned, broken, LITTLE, Reader, Writer } from "./wire.ts";

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
