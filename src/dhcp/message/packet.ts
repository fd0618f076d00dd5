/** The IPv4 packet around a DHCP message, for a client that has no address yet (RFC 791, RFC 768, RFC 1071). */
import { u8, u16be } from "../../../netlink/codec/index.ts";
import { struct } from "../../../netlink/codec/struct.ts";
import { DecodeError } from "../../../netlink/errors.ts";
import { parseAddress } from "../../../netlink/wire/address.ts";
import { Reader } from "../../../netlink/wire/reader.ts";
import { Writer } from "../../../netlink/wire/writer.ts";
import { ipv4 } from "./message.ts";

export const SERVER_PORT = 67;
export const CLIENT_PORT = 68;

const IPV4_NO_OPTIONS = 0x45;
const UDP = 17;
const UDP_HEADER = 8;
const HOPS = 64;
const DONT_FRAGMENT = 0x4000;
/** Of the fragment field: the offset, and that more follow. */
const FRAGMENT = 0x3fff;

const IpHeader = struct({
  /** Version in the upper half, length of the header in words of four bytes in the lower. */
  version: u8,
  service: u8,
  length: u16be,
  identification: u16be,
  fragment: u16be,
  hops: u8,
  protocol: u8,
  checksum: u16be,
  source: ipv4,
  destination: ipv4,
});

const UdpHeader = struct({ source: u16be, destination: u16be, length: u16be, checksum: u16be });

/** The sum of 16-bit words in ones' complement; an odd last byte counts as the upper half of a word. */
function sum(bytes: Uint8Array, start = 0): number {
  let total = start;
  for (let index = 0; index < bytes.length; index += 2)
    total += (bytes[index]! << 8) | (bytes[index + 1] ?? 0);
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return total;
}

/** What UDP's checksum covers besides its own bytes: addresses, protocol, length. */
const pseudoHeader = (source: string, destination: string, length: number): number =>
  sum(parseAddress(source), sum(parseAddress(destination), UDP + length));

export interface Packet {
  readonly source: string;
  readonly destination: string;
  /** What UDP carries. */
  readonly payload: Uint8Array;
}

/** The bytes of a packet from a client's port to a server's. */
export function encodePacket({ source, destination, payload }: Packet): Uint8Array {
  const length = UDP_HEADER + payload.length;
  const writer = new Writer(20 + length);
  IpHeader.write(writer, {
    version: IPV4_NO_OPTIONS,
    service: 0,
    length: 20 + length,
    identification: 0,
    fragment: DONT_FRAGMENT,
    hops: HOPS,
    protocol: UDP,
    checksum: 0,
    source,
    destination,
  });
  writer.view.setUint16(10, ~sum(writer.bytes));
  UdpHeader.write(writer, { source: CLIENT_PORT, destination: SERVER_PORT, length, checksum: 0 });
  writer.put(payload);
  const checksum = ~sum(writer.bytes.subarray(20), pseudoHeader(source, destination, length)) & 0xffff;
  // 0 would mean that there is no checksum.
  writer.view.setUint16(26, checksum === 0 ? 0xffff : checksum);
  return writer.bytes;
}

/**
 * Whether UDP's checksum is right, absent, or not finished: what a process of this machine sends over a virtual link has
 * the sum of the pseudo-header only, since the rest is left to hardware that is not there.
 */
function isIntact(udp: Uint8Array, checksum: number, pseudo: number): boolean {
  return checksum === 0 || checksum === pseudo || sum(udp, pseudo) === 0xffff;
}

/** The UDP packet to a client's port in `bytes`, or nothing when it is another packet. @throws DecodeError when it is damaged */
export function decodePacket(bytes: Uint8Array): Packet | undefined {
  const reader = new Reader(bytes);
  const ip = IpHeader.read(reader);
  const header = 4 * (ip.version & 15);
  if (ip.version >> 4 !== 4 || ip.protocol !== UDP || (ip.fragment & FRAGMENT) !== 0) return undefined;
  if (header < 20 || ip.length < header + UDP_HEADER || ip.length > bytes.length)
    throw new DecodeError(`lengths that do not fit: ${header}, ${ip.length} of ${bytes.length}`, 0);
  if (sum(bytes.subarray(0, header)) !== 0xffff) throw new DecodeError("the header's checksum is wrong", 10);
  reader.position = header;
  const udp = UdpHeader.read(reader);
  if (udp.destination !== CLIENT_PORT) return undefined;
  if (udp.length < UDP_HEADER || udp.length > ip.length - header)
    throw new DecodeError(`UDP's length does not fit: ${udp.length}`, header + 4);
  const datagram = bytes.subarray(header, header + udp.length);
  if (!isIntact(datagram, udp.checksum, pseudoHeader(ip.source, ip.destination, udp.length)))
    throw new DecodeError("UDP's checksum is wrong", header + 6);
  return { source: ip.source, destination: ip.destination, payload: datagram.subarray(UDP_HEADER) };
}
