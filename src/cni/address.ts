/** The one text form of addresses and networks in results: RFC 5952, host bits kept, IPv4-mapped shown as IPv4. */
import { EncodeError } from "../../netlink/errors.ts";
import { formatAddress, parseAddress } from "../../netlink/wire/address.ts";

/** Bits of `::ffff:0:0/96`, in which IPv4 addresses are mapped (RFC 4291 §2.5.5.2). */
const mappedPrefix = 96;

function isMapped(bytes: Uint8Array): boolean {
  return bytes.length === 16 && bytes.every((byte, index) => index >= 12 || byte === (index < 10 ? 0 : 0xff));
}

/** @throws EncodeError when `text` is no IP address */
export function canonicalAddress(text: string): string {
  const bytes = parseAddress(text);
  return formatAddress(isMapped(bytes) ? bytes.subarray(12) : bytes);
}

/** An address with its prefix length: `10.1.2.3/24`. @throws EncodeError when `text` is none */
export function canonicalCidr(text: string): string {
  const [address = "", prefix = "", ...more] = text.split("/");
  if (more.length > 0 || !/^\d{1,3}$/.test(prefix)) {
    throw new EncodeError(`"${text}" is not an address with a prefix length such as 10.87.1.2/24`);
  }
  const bytes = parseAddress(address);
  const mapped = isMapped(bytes);
  const length = Number(prefix) - (mapped ? mappedPrefix : 0);
  const longest = mapped ? 32 : 8 * bytes.length;
  if (length < 0 || length > longest) throw new EncodeError(`"${text}" has an impossible prefix length`);
  return `${formatAddress(mapped ? bytes.subarray(12) : bytes)}/${length}`;
}
