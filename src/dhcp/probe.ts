/** The question whether somebody on the link has an address: ARP without an address of one's own (RFC 5227, section 2.1). */

import { decode, encode } from "../../netlink/codec/codec.ts";
import { u8, u16be } from "../../netlink/codec/index.ts";
import { fixedBytes } from "../../netlink/codec/strings.ts";
import { struct } from "../../netlink/codec/struct.ts";
import { DecodeError } from "../../netlink/errors.ts";
import { inside } from "../../netlink/socket/namespace.ts";
import { formatMac, parseMac } from "../../netlink/wire/address.ts";
import { ETHERTYPE, PacketSocket } from "../sys/packet-socket.ts";
import type { OpenLink } from "./link.ts";
import { ipv4, NO_ADDRESS } from "./message/message.ts";

const ETHERNET = 1;
const REQUEST = 1;
const LENGTH = 28;

/** An ARP packet for IPv4 over Ethernet (RFC 826). */
const Arp = struct({
  hardware: u16be,
  protocol: u16be,
  hardwareLength: u8,
  protocolLength: u8,
  operation: u16be,
  senderMac: fixedBytes(6),
  sender: ipv4,
  targetMac: fixedBytes(6),
  target: ipv4,
});

/** A question that has been sent. */
export interface Probe extends Disposable {
  readonly fd: number;
  /** Whether somebody else has said so far that the address is his, or is asking for it too. @throws SystemError */
  answered(): boolean;
}

/** Somebody else's packet about the address; shorter and damaged ones are nobody's. */
function isAbout(address: string, bytes: Uint8Array, ownMac: string): boolean {
  try {
    const arp = decode(Arp, bytes.subarray(0, LENGTH));
    if (formatMac(arp.senderMac) === ownMac) return false;
    return arp.sender === address || (arp.sender === NO_ADDRESS && arp.target === address);
  } catch (error) {
    if (error instanceof DecodeError) return false;
    throw error;
  }
}

/** Asks the link who has `address`. @throws SystemError */
export function openProbe({ namespace, link }: OpenLink, address: string): Probe {
  const mac = link.address!;
  const socket = inside(namespace, () => new PacketSocket(link.ifname!, link.index, ETHERTYPE.arp));
  const question = encode(Arp, {
    hardware: ETHERNET,
    protocol: ETHERTYPE.ipv4,
    hardwareLength: 6,
    protocolLength: 4,
    operation: REQUEST,
    senderMac: parseMac(mac),
    sender: NO_ADDRESS,
    targetMac: new Uint8Array(6),
    target: address,
  });
  try {
    socket.send(question);
  } catch (error) {
    socket[Symbol.dispose]();
    throw error;
  }
  return {
    fd: socket.fd,
    answered() {
      for (let bytes = socket.receive(); bytes !== undefined; bytes = socket.receive())
        if (isAbout(address, bytes, mac)) return true;
      return false;
    },
    [Symbol.dispose]: () => socket[Symbol.dispose](),
  };
}
