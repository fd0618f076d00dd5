/** The ways that messages go: below IP for a client without an address, from its address for one that has it. */
import { inside } from "../../netlink/socket/namespace.ts";
import { withoutPrefix } from "../../netlink/wire/cidr.ts";
import { DatagramSocket } from "../sys/datagram-socket.ts";
import { ETHERTYPE, type Instruction, PacketSocket } from "../sys/packet-socket.ts";
import type { Lease } from "./lease.ts";
import type { OpenLink } from "./link.ts";
import { decodeMessage, encodeMessage, type Message } from "./message/message.ts";
import { CLIENT_PORT, decodePacket, encodePacket, SERVER_PORT } from "./message/packet.ts";

/** An open way to servers. It never waits. */
export interface Channel extends Disposable {
  readonly fd: number;
  /** @throws SystemError */
  send(message: Message): void;
  /** The next message; `"other"` for what is none, nothing when there is nothing. @throws SystemError, DecodeError */
  receive(): Message | "other" | undefined;
}

/** Lets pass what is UDP to a client's port and whole (linux/filter.h; the packet begins with its IP header). */
const TO_CLIENTS: readonly Instruction[] = [
  [0x30, 0, 0, 9], // load the byte at 9: the protocol
  [0x15, 0, 6, 17], // UDP?
  [0x28, 0, 0, 6], // load the half at 6: flags and offset of a fragment
  [0x45, 4, 0, 0x3fff], // part of something longer?
  [0xb1, 0, 0, 0], // X = length of the header
  [0x48, 0, 0, 2], // load the half at X + 2: the destination's port
  [0x15, 0, 1, CLIENT_PORT],
  [0x06, 0, 0, 0xffff], // take all of it
  [0x06, 0, 0, 0], // take nothing
];

const EVERYBODY = "255.255.255.255";

/** A channel to everybody on the link. */
export function openBroadcast({ namespace, link }: OpenLink): Channel {
  const open = () => new PacketSocket(link.ifname!, link.index, ETHERTYPE.ipv4, TO_CLIENTS);
  const socket = inside(namespace, open);
  return {
    fd: socket.fd,
    send: (message) =>
      socket.send(
        encodePacket({
          source: message.clientAddress,
          destination: EVERYBODY,
          payload: encodeMessage(message),
        }),
      ),
    receive() {
      const bytes = socket.receive();
      if (bytes === undefined) return undefined;
      const packet = decodePacket(bytes);
      return packet === undefined ? "other" : decodeMessage(packet.payload);
    },
    [Symbol.dispose]: () => socket[Symbol.dispose](),
  };
}

/**
 * A channel from a lease's address to its server.
 * @throws SystemError with code `EADDRNOTAVAIL` when the link does not have the address
 */
export function openUnicast({ namespace, link }: OpenLink, lease: Lease): Channel {
  const open = () => new DatagramSocket(link.ifname!, withoutPrefix(lease.address), CLIENT_PORT);
  const socket = inside(namespace, open);
  return {
    fd: socket.fd,
    send: (message) => socket.send(encodeMessage(message), lease.server, SERVER_PORT),
    receive() {
      const bytes = socket.receive();
      return bytes && decodeMessage(bytes);
    },
    [Symbol.dispose]: () => socket[Symbol.dispose](),
  };
}
