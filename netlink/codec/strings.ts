/** Payloads whose length is that of their attribute: text, bytes and addresses. */
import { EncodeError } from "../errors.ts";
import { formatAddress, formatMac, parseAddress, parseMac } from "../wire/address.ts";
import type { Reader } from "../wire/reader.ts";
import type { Writer } from "../wire/writer.ts";
import type { Codec } from "./codec.ts";
import type { Random } from "./random.ts";

const encoder = new TextEncoder();
/** Keeps a byte order mark, which would be part of a name. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The text before the first NUL. Names are ASCII and short, for which this is ten times faster than TextDecoder. */
function readText(reader: Reader): string {
  const start = reader.position;
  const { bytes, end } = reader;
  let text = "";
  for (let index = start; index < end; index++) {
    const byte = bytes[index]!;
    if (byte === 0) break;
    if (byte > 127) {
      const nul = bytes.indexOf(0, index);
      text = decoder.decode(bytes.subarray(start, nul < 0 || nul > end ? end : nul));
      break;
    }
    text += String.fromCharCode(byte);
  }
  reader.take(end - start);
  return text;
}

function writeText(writer: Writer, value: string): void {
  if (value.includes("\0")) throw new EncodeError("text with a NUL character");
  writer.put(encoder.encode(value));
}

const sampleText = (random: Random): string =>
  String.fromCharCode(...Array.from({ length: 1 + random.below(12) }, () => 97 + random.below(26)));

/** Text that ends with a NUL byte. */
export const cstring: Codec<string> = {
  word: "cstring",
  write(writer, value) {
    writeText(writer, value);
    writer.take(1);
  },
  read: readText,
  show: (value) => JSON.stringify(value),
  sample: sampleText,
};

/** Text that fills its attribute, without a NUL byte at the end. A NUL that is there is left out. */
export const text: Codec<string> = {
  word: "text",
  write: writeText,
  read: readText,
  show: (value) => JSON.stringify(value),
  sample: sampleText,
};

/** Hexadecimal pairs, at most 32 of them. */
export function hex(value: Uint8Array): string {
  const shown = value.length > 32 ? value.subarray(0, 32) : value;
  const pairs = Array.from(shown, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return value.length > 32 ? `${pairs} … (${value.length} bytes)` : pairs;
}

/** Bytes as they are, up to the end of the attribute. */
export const bytes: Codec<Uint8Array> = {
  word: "bytes",
  write: (writer, value) => writer.put(value),
  read: (reader) => reader.copy(reader.left),
  show: hex,
  sample: (random) => random.bytes(random.below(20)),
};

/** Exactly `size` bytes as they are. */
export function fixedBytes(size: number): Codec<Uint8Array> {
  return {
    word: `bytes[${size}]`,
    size,
    write(writer, value) {
      if (value.length !== size) throw new EncodeError(`needs ${size} bytes, has ${value.length}`);
      writer.put(value);
    },
    read: (reader) => reader.copy(size),
    show: hex,
    sample: (random) => random.bytes(size),
  };
}

/** A link-layer address of any length: `02:42:ac:11:00:02`. An empty attribute is an empty string. */
export const mac: Codec<string> = {
  word: "mac",
  write: (writer, value) => writer.put(value === "" ? new Uint8Array() : parseMac(value)),
  read: (reader) => formatMac(reader.copy(reader.left)),
  show: (value) => value,
  sample: (random) => formatMac(random.bytes(6)),
};

/** An IPv4 or IPv6 address, told apart by the length of the attribute. Network order. */
export const address: Codec<string> = {
  word: "address",
  write: (writer, value) => writer.put(parseAddress(value)),
  read(reader) {
    if (reader.left !== 4) return formatAddress(reader.copy(16));
    return formatAddress(reader.copy(4));
  },
  show: (value) => value,
  sample: (random) => formatAddress(random.bytes(random.once(2) ? 4 : 16)),
};
