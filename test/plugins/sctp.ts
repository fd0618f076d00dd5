/** An SCTP packet from one namespace seen in another, by raw sockets: kernels translate SCTP that cannot speak it. */
import { dlopen } from "bun:ffi";
import { inside, type Namespace } from "../../netlink/socket/namespace.ts";
import { familyOf, parseAddress } from "../../netlink/wire/address.ts";

const libc = dlopen("libc.so.6", {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i64" },
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i64" },
  close: { args: ["i32"], returns: "i32" },
}).symbols;

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_RAW = 3;
const IPPROTO_SCTP = 132;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;

const bytes = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(new ArrayBuffer(length));

/** CRC32c (RFC 9260, appendix A): the kernel translates no packet whose checksum is wrong. */
function checksum(packet: Uint8Array): number {
  let crc = ~0;
  for (const byte of packet) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc;
}

/** The packet that opens an association: common header, INIT chunk (RFC 9260, sections 3.1 and 3.3.2). */
function init(sourcePort: number, destinationPort: number): Uint8Array<ArrayBuffer> {
  const packet = bytes(32);
  const view = new DataView(packet.buffer);
  view.setUint16(0, sourcePort);
  view.setUint16(2, destinationPort);
  view.setUint8(12, 1);
  view.setUint16(14, 20);
  view.setUint32(16, 0x1234);
  view.setUint32(20, 0xffff);
  view.setUint16(24, 1);
  view.setUint16(26, 1);
  view.setUint32(8, checksum(packet), true);
  return packet;
}

/** `struct sockaddr_in` or `sockaddr_in6`. */
function socketAddress(address: string): Uint8Array<ArrayBuffer> {
  const v4 = familyOf(address) === 4;
  const sockaddr = bytes(v4 ? 16 : 28);
  new DataView(sockaddr.buffer).setUint16(0, v4 ? AF_INET : AF_INET6, true);
  sockaddr.set(parseAddress(address), v4 ? 4 : 8);
  return sockaddr;
}

function rawSocket(at: Namespace, family: 4 | 6): Disposable & { readonly fd: number } {
  const fd = inside(at, () => libc.socket(family === 4 ? AF_INET : AF_INET6, SOCK_RAW, IPPROTO_SCTP));
  if (fd < 0) throw new Error("cannot open a raw socket");
  return { fd, [Symbol.dispose]: () => void libc.close(fd) };
}

/** The kernel hands a raw IPv4 socket the IP header too. */
const headerLength = (family: 4 | 6, packet: Uint8Array): number =>
  family === 4 ? (packet[0]! & 15) * 4 : 0;

/**
 * Sends an INIT to `address` and `port` from one namespace.
 * @returns the port under which it arrives in the other within a second, or undefined when it does not
 */
export function sctpPortSeen(
  from: Namespace,
  to: Namespace,
  address: string,
  port: number,
): number | undefined {
  const family = familyOf(address) as 4 | 6;
  using receiver = rawSocket(to, family);
  using sender = rawSocket(from, family);
  const second = new BigInt64Array([1n, 0n]);
  libc.setsockopt(receiver.fd, SOL_SOCKET, SO_RCVTIMEO, second, 16);
  const packet = init(5000, port);
  const sockaddr = socketAddress(address);
  if (libc.sendto(sender.fd, packet, packet.length, 0, sockaddr, sockaddr.length) < 0) return undefined;
  const received = bytes(1500);
  const length = Number(libc.recv(receiver.fd, received, received.length, 0));
  return length < 0 ? undefined : new DataView(received.buffer).getUint16(headerLength(family, received) + 2);
}
