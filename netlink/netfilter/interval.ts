/** Networks and ranges as elements of sets. */
import { encode } from "../codec/index.ts";
import { EncodeError } from "../errors.ts";
import { formatAddress, parseAddress } from "../wire/address.ts";
import type { Datatype } from "./datatype.ts";
import type { Element } from "./elements.ts";

/** The bits of byte `index` that belong to a prefix of `length` bits. */
export const prefixMask = (length: number, index: number): number =>
  (0xff00 >> Math.min(8, Math.max(0, length - index * 8))) & 0xff;

/**
 * The parts of `10.0.0.0/8`: the address, whose bits behind the prefix are cleared, and the length in bits.
 * @throws EncodeError when it is not an address with a length that it can have
 */
export function parsePrefix(prefix: string): { address: Uint8Array; length: number } {
  const [, text, digits] = /^([^/]+)\/(\d{1,3})$/.exec(prefix) ?? [];
  const length = Number(digits);
  if (text === undefined) throw new EncodeError(`"${prefix}" is not a network such as 10.0.0.0/8`);
  const given = parseAddress(text);
  if (length > given.length * 8) throw new EncodeError(`"${prefix}" has more bits than its address`);
  const address = given.map((byte, index) => byte & prefixMask(length, index));
  return { address, length };
}

/** The first and the last address of a network. @throws EncodeError */
export function networkRange(prefix: string): [first: string, last: string] {
  const { address, length } = parsePrefix(prefix);
  const last = address.map((byte, index) => byte | (0xff ^ prefixMask(length, index)));
  return [formatAddress(address), formatAddress(last)];
}

/** The value behind `bytes`; undefined behind the highest. */
function next(bytes: Uint8Array): Uint8Array | undefined {
  const value = bytes.slice();
  for (let index = value.length - 1; index >= 0; index--) {
    value[index] = (value[index]! + 1) & 0xff;
    if (value[index] !== 0) return value;
  }
  return undefined;
}

/**
 * The two elements that are the interval from `first` to `last` in a set with the flag `interval`: its beginning, which
 * takes data and comment, and the first value behind it. Without the second one when `last` is the highest value,
 * which `nft` wants noted.
 * @param more data, userdata and timeout of the interval
 * @throws EncodeError when the type has not the order of bytes that intervals need, or when `first` is above `last`
 */
export function interval<T>(
  type: Datatype<T>,
  first: T,
  last: T,
  more: Omit<Element, "key"> = {},
): Element[] {
  if (type.byteorder !== "network") throw new EncodeError("intervals are of types in network order");
  const value = encode(type, first);
  const end = encode(type, last);
  if (isBelow(end, value)) {
    throw new EncodeError(`${type.show(first)} is above ${type.show(last)}`);
  }
  const behind = next(end);
  if (behind !== undefined) {
    return [
      { key: { value }, ...more },
      { key: { value: behind }, flags: ["intervalEnd"] },
    ];
  }
  return [{ key: { value }, ...more, userdata: { ...more.userdata, flags: OPEN } }];
}

/** NFTNL_SET_ELEM_F_INTERVAL_OPEN in an element's userdata. */
const OPEN = 1;

function isBelow(a: Uint8Array, b: Uint8Array): boolean {
  const index = a.findIndex((byte, index) => byte !== b[index]);
  return index >= 0 && a[index]! < b[index]!;
}

/**
 * Key and end of an element that is a range in each part of a concatenation, in a set with the flag `interval`:
 *
 *     { ...range(concatenation(ipv4Addr, inetService), ["10.0.0.0", 80], ["10.0.0.255", 90]), userdata }
 *
 * It is found by any key that lies in it.
 */
export const range = <T>(type: Datatype<T>, first: T, last: T) => ({
  key: { value: encode(type, first) },
  keyEnd: { value: encode(type, last) },
});
