/** Router advertisements, sent from a namespace as frames to any link-layer address. */
import { dlopen } from "bun:ffi";
import { openRoute } from "../../netlink/route/index.ts";
import { inside, type Namespace } from "../../netlink/socket/namespace.ts";
import { parseAddress, parseMac } from "../../netlink/wire/address.ts";

const libc = dlopen("libc.so.6", {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i64" },
  close: { args: ["i32"], returns: "i32" },
}).symbols;

const AF_PACKET = 17;
const SOCK_RAW = 3;
const ETH_P_IPV6 = 0x86dd;
const ICMPV6 = 58;

const ROUTER = "fe80::66";
const ALL_NODES = "ff02::1";

/** The checksum of ICMPv6 (RFC 4443, section 2.3). */
function checksum(source: Uint8Array, destination: Uint8Array, message: Uint8Array): number {
  const pseudo = [...source, ...destination, 0, 0, 0, message.length, 0, 0, 0, ICMPV6, ...message];
  let sum = 0;
  for (let at = 0; at < pseudo.length; at += 2) sum += (pseudo[at]! << 8) | pseudo[at + 1]!;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** An advertisement that says to route by its sender for half an hour (RFC 4861, section 4.2). */
function advertisement(): number[] {
  const message = new Uint8Array([134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
  new DataView(message.buffer).setUint16(2, checksum(parseAddress(ROUTER), parseAddress(ALL_NODES), message));
  return [...message];
}

/** Sends a router advertisement by the link `ifname` to the link-layer address `to`. */
export function advertiseRouter(from: Namespace, ifname: string, to: string): void {
  using route = openRoute({ namespace: from });
  const { index, address = "" } = route.link.get({ ifname });
  const message = advertisement();
  const header = [
    0x60,
    0,
    0,
    0,
    0,
    message.length,
    ICMPV6,
    255,
    ...parseAddress(ROUTER),
    ...parseAddress(ALL_NODES),
  ];
  const frame = new Uint8Array([...parseMac(to), ...parseMac(address), 0x86, 0xdd, ...header, ...message]);
  const sockaddr = new Uint8Array(new ArrayBuffer(20)); // struct sockaddr_ll
  const view = new DataView(sockaddr.buffer);
  view.setUint16(0, AF_PACKET, true);
  view.setUint16(2, ETH_P_IPV6);
  view.setInt32(4, index, true);
  const fd = inside(from, () => libc.socket(AF_PACKET, SOCK_RAW, 0));
  if (fd < 0) throw new Error("cannot open a packet socket");
  const sent = libc.sendto(fd, frame, frame.length, 0, sockaddr, sockaddr.length);
  libc.close(fd);
  if (Number(sent) !== frame.length) throw new Error("the frame cannot be sent");
}
