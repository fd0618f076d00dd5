/** Addresses as text: IPv4, IPv6 (RFC 4291, printed as RFC 5952) and link-layer addresses. */
import { EncodeError } from "../errors.ts";

const refuse = (text: string): never => {
  throw new EncodeError(`"${text}" is not an IP address`);
};

function parseV4(text: string, into: Uint8Array, offset: number): boolean {
  let position = offset;
  let value = -1;
  for (let index = 0; index <= text.length; index++) {
    const code = index === text.length ? 0x2e : text.charCodeAt(index);
    if (code === 0x2e) {
      if (value < 0 || position === offset + 4) return false;
      into[position++] = value;
      value = -1;
    } else if (code >= 0x30 && code <= 0x39) {
      if (value === 0) return false; // a leading zero could be meant as octal
      value = (value < 0 ? 0 : value * 10) + code - 0x30;
      if (value > 255) return false;
    } else return false;
  }
  return position === offset + 4;
}

function parseV6(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(16);
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const groups = halves.map((half) => (half === "" ? [] : half.split(":")));
  const head = groups[0]!;
  const tail = groups[1];
  const last = (tail ?? head).at(-1);
  const embedded = last?.includes(".") ? 1 : 0;
  const count = head.length + (tail?.length ?? 0) + embedded;
  if (tail === undefined ? count !== 8 : count > 7) return undefined;
  const write = (parts: string[], offset: number): boolean => {
    let position = offset;
    for (const part of parts) {
      if (part.includes(".")) {
        if (part !== last || position !== 12 || !parseV4(part, bytes, 12)) return false;
        position += 4;
      } else {
        if (!/^[0-9a-f]{1,4}$/i.test(part)) return false;
        const value = Number.parseInt(part, 16);
        bytes[position++] = value >> 8;
        bytes[position++] = value & 255;
      }
    }
    return true;
  };
  if (!write(head, 0)) return undefined;
  if (tail !== undefined && !write(tail, 16 - 2 * (tail.length + embedded))) return undefined;
  return bytes;
}

/**
 * The bytes of an address in network order: 4 of IPv4, 16 of IPv6.
 * @throws EncodeError when `text` is neither
 */
export function parseAddress(text: string): Uint8Array {
  if (text.includes(":")) return parseV6(text) ?? refuse(text);
  const bytes = new Uint8Array(4);
  return parseV4(text, bytes, 0) ? bytes : refuse(text);
}

/** Whether `text` is an address that `parseAddress` takes. */
export function isAddress(text: string): boolean {
  return text.includes(":") ? parseV6(text) !== undefined : parseV4(text, new Uint8Array(4), 0);
}

/** The family that an address's text belongs to: 4 or 6. */
export const familyOf = (text: string): 4 | 6 => (text.includes(":") ? 6 : 4);

/** The start and length of the longest run of two or more zero groups (RFC 5952 §4.2). */
function longestZeroRun(groups: number[]): [start: number, length: number] {
  let best: [number, number] = [-1, 1];
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best[1]) best = [start, length];
    start += length;
  }
  return best;
}

function formatV6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) => (bytes[2 * index]! << 8) | bytes[2 * index + 1]!);
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (mapped) return `::ffff:${bytes.slice(12).join(".")}`;
  const hex = groups.map((group) => group.toString(16));
  const [start, length] = longestZeroRun(groups);
  if (start < 0) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}

/** The text of 4 or 16 bytes in network order; an IPv4-mapped address keeps its `::ffff:`. */
export function formatAddress(bytes: Uint8Array): string {
  return bytes.length === 4 ? bytes.join(".") : formatV6(bytes);
}

/** The bytes of a link-layer address written as hexadecimal pairs with colons. @throws EncodeError */
export function parseMac(text: string): Uint8Array {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2})*$/i.test(text)) {
    throw new EncodeError(`"${text}" is not a link-layer address such as 02:42:ac:11:00:02`);
  }
  return Uint8Array.from(text.split(":"), (pair) => Number.parseInt(pair, 16));
}

/** The text of a link-layer address of any length, in lower case with colons. */
export function formatMac(bytes: Uint8Array): string {
  let text = "";
  for (let index = 0; index < bytes.length; index++)
    text += (text && ":") + bytes[index]!.toString(16).padStart(2, "0");
  return text;
}
