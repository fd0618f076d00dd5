/**
 * DHCP messages (RFC 2131, section 2): the header that BOOTP had, a cookie, and options.
 *
 *     op htype hlen hops | xid | secs flags | ciaddr | yiaddr | siaddr | giaddr | chaddr (16) | sname (64) | file (128)
 *     63 82 53 63 | options …
 *
 * Options may go on in `file` and `sname` (option 52), and one that is there more than once is one long value (RFC 3396).
 */

import { type Codec, type Infer, u8, u16be, u32be } from "../../../netlink/codec/index.ts";
import { oneOf } from "../../../netlink/codec/names.ts";
import { fixedBytes } from "../../../netlink/codec/strings.ts";
import { struct } from "../../../netlink/codec/struct.ts";
import { DecodeError, EncodeError } from "../../../netlink/errors.ts";
import { formatAddress, formatMac, parseAddress, parseMac } from "../../../netlink/wire/address.ts";
import { Reader } from "../../../netlink/wire/reader.ts";
import { Writer } from "../../../netlink/wire/writer.ts";
import { OPTION, type Options } from "./options.ts";

/** An IPv4 address in a struct, as text. */
export const ipv4: Codec<string> = {
  word: "ipv4",
  size: 4,
  write: (writer, value) => writer.put(parseAddress(value)),
  read: (reader) => formatAddress(reader.copy(4)),
  show: (value) => value,
  sample: (random) => formatAddress(random.bytes(4)),
};

/** The address that stands for none. */
export const NO_ADDRESS = "0.0.0.0";

const COOKIE = 0x63825363;
/** Of `flags`: answer by broadcast, since this client cannot receive a unicast before it has its address. */
const BROADCAST = 0x8000;
/** What every BOOTP relay passes on: shorter messages are filled up (RFC 1542, section 2.1). */
const SHORTEST = 300;
const LONGEST_VALUE = 255;

const Header = struct({
  op: oneOf(u8, { request: 1, reply: 2 }),
  hardwareType: u8,
  hardwareLength: u8,
  hops: u8,
  transaction: u32be,
  seconds: u16be,
  flags: u16be,
  clientAddress: ipv4,
  yourAddress: ipv4,
  serverAddress: ipv4,
  relayAddress: ipv4,
  hardwareAddress: fixedBytes(16),
  serverName: fixedBytes(64),
  file: fixedBytes(128),
  cookie: u32be,
});

/** A message; addresses that are left out when writing are 0.0.0.0. */
export interface Message extends Pick<Infer<typeof Header>, "op" | "transaction"> {
  /** Seconds since the client began to ask. */
  readonly seconds: number;
  /** Whether answers shall come by broadcast. */
  readonly broadcast: boolean;
  /** The address that the client has and answers ARP for. */
  readonly clientAddress: string;
  /** The address that the server gives. */
  readonly yourAddress: string;
  /** The client's link-layer address. */
  readonly mac: string;
  /** In the order in which they are written. */
  readonly options: Options;
}

function writeOptions(writer: Writer, options: Options): void {
  for (const [number, value] of options) {
    if (number === OPTION.pad || number >= OPTION.end) throw new EncodeError(`there is no option ${number}`);
    let start = 0;
    do {
      const part = value.subarray(start, start + LONGEST_VALUE);
      writer.put(Uint8Array.of(number, part.length));
      writer.put(part);
      start += LONGEST_VALUE;
    } while (start < value.length);
  }
  writer.put(Uint8Array.of(OPTION.end));
}

/** The bytes of a message, at least 300 of them. @throws EncodeError when a value does not fit */
export function encodeMessage(message: Message): Uint8Array {
  const writer = new Writer(576);
  const mac = parseMac(message.mac);
  if (mac.length > 16) throw new EncodeError(`a link-layer address of ${mac.length} bytes`);
  const hardwareAddress = new Uint8Array(16);
  hardwareAddress.set(mac);
  Header.write(writer, {
    op: message.op,
    hardwareType: 1,
    hardwareLength: mac.length,
    hops: 0,
    transaction: message.transaction,
    seconds: message.seconds,
    flags: message.broadcast ? BROADCAST : 0,
    clientAddress: message.clientAddress,
    yourAddress: message.yourAddress,
    serverAddress: NO_ADDRESS,
    relayAddress: NO_ADDRESS,
    hardwareAddress,
    serverName: new Uint8Array(64),
    file: new Uint8Array(128),
    cookie: COOKIE,
  });
  writeOptions(writer, message.options);
  writer.take(Math.max(0, SHORTEST - writer.position));
  return writer.bytes;
}

/** Adds the options of one field to those read before. What follows the end mark is not looked at. @throws DecodeError */
function readOptions(reader: Reader, options: Map<number, Uint8Array>): void {
  while (reader.left > 0) {
    const number = reader.bytes[reader.take(1)]!;
    if (number === OPTION.pad) continue;
    if (number === OPTION.end) return;
    const value = reader.under(`option ${number}`, () => reader.copy(reader.bytes[reader.take(1)]!));
    const before = options.get(number);
    options.set(number, before === undefined ? value : joined(before, value));
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** Which of the header's fields hold options too, by the value of option 52. */
const OVERLOAD: Readonly<Record<number, readonly ("file" | "serverName")[]>> = {
  1: ["file"],
  2: ["serverName"],
  3: ["file", "serverName"],
};

/** The message in `bytes`. @throws DecodeError when it is none */
export function decodeMessage(bytes: Uint8Array): Message {
  const reader = new Reader(bytes);
  const header = Header.read(reader);
  if (header.cookie !== COOKIE) throw new DecodeError("no DHCP message: its cookie is another", 236);
  const { hardwareLength, op } = header;
  if (op !== "request" && op !== "reply") throw new DecodeError(`no DHCP message: op is ${op}`, 0);
  if (hardwareLength > 16) throw new DecodeError(`a link-layer address of ${hardwareLength} bytes`, 2);
  const options = new Map<number, Uint8Array>();
  readOptions(reader, options);
  const overload = options.get(OPTION.overload)?.[0] ?? 0;
  for (const field of OVERLOAD[overload] ?? [])
    reader.under(field, () => readOptions(new Reader(header[field]), options));
  return {
    op,
    transaction: header.transaction,
    seconds: header.seconds,
    broadcast: (header.flags & BROADCAST) !== 0,
    clientAddress: header.clientAddress,
    yourAddress: header.yourAddress,
    mac: formatMac(header.hardwareAddress.subarray(0, hardwareLength)),
    options,
  };
}
