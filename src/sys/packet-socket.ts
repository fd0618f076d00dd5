/** Packet sockets (packet(7)): what goes over a link below IP, for those who have no address or ask who has one. */
import { ptr } from "bun:ffi";
import { closeFile, retrying } from "../../netlink/socket/libc.ts";
import { buffer } from "./library.ts";
import {
  AF,
  prepared,
  receiveSome,
  SO,
  SOCK,
  sendSome,
  setOption,
  socketLibc,
  unlessWaiting,
} from "./socket-calls.ts";

/** EtherTypes (linux/if_ether.h). */
export const ETHERTYPE = { ipv4: 0x0800, arp: 0x0806 } as const;

/** One instruction of a classic filter (linux/filter.h): code, jump if true, jump if false, constant. */
export type Instruction = readonly [code: number, yes: number, no: number, constant: number];

/** Longer than what any Ethernet frame carries that we ask for. */
const LONGEST = 2048;
const BROADCAST = [255, 255, 255, 255, 255, 255] as const;

/** struct sockaddr_ll; a link's broadcast address as destination. */
function linkAddress(index: number, ethertype: number): Uint8Array<ArrayBuffer> {
  const bytes = buffer(20);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF.packet, true);
  view.setUint16(2, ethertype); // network order
  view.setInt32(4, index, true);
  bytes[11] = BROADCAST.length;
  bytes.set(BROADCAST, 12);
  return bytes;
}

/** struct sock_fprog: how many instructions, and where they are. */
const PROGRAM = 16;

/** Has the kernel throw away what a filter does not let pass. */
function attach(operation: string, fd: number, instructions: readonly Instruction[]): void {
  // Both in one buffer, which lives as long as the call.
  const bytes = buffer(PROGRAM + 8 * instructions.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, instructions.length, true);
  view.setBigUint64(8, BigInt(ptr(bytes) + PROGRAM), true);
  for (const [index, [code, yes, no, constant]] of instructions.entries()) {
    const at = PROGRAM + 8 * index;
    view.setUint16(at, code, true);
    view.setUint8(at + 2, yes);
    view.setUint8(at + 3, no);
    view.setUint32(at + 4, constant, true);
  }
  setOption(operation, fd, SO.attachFilter, bytes.subarray(0, PROGRAM));
}

/** A socket on one link, for one EtherType. It sends to everybody, receives what is for this host, and never waits. */
export class PacketSocket implements Disposable {
  private readonly to: Uint8Array<ArrayBuffer>;
  private readonly room = buffer(LONGEST);
  readonly fd: number;

  /**
   * To be made in the link's namespace, in which the socket stays.
   * @param filter what of it shall come, as the kernel's classic filters say it; the packet starts behind the Ethernet header
   * @throws SystemError
   */
  constructor(
    private readonly ifname: string,
    index: number,
    ethertype: number,
    filter: readonly Instruction[] = [],
  ) {
    const operation = `open a packet socket on ${ifname}`;
    this.to = linkAddress(index, ethertype);
    const type = SOCK.datagram | SOCK.nonBlocking | SOCK.closeOnExec;
    // Protocol 0: nothing comes before the filter is there and the link chosen.
    const fd = retrying(operation, () => socketLibc().socket(AF.packet, type, 0));
    this.fd = prepared(fd, () => {
      if (filter.length > 0) attach(operation, fd, filter);
      retrying(operation, () => socketLibc().bind(fd, this.to, this.to.length));
    });
  }

  /** @throws SystemError with code `ENETDOWN` when the link is down, `ENXIO` when it is gone */
  send(packet: Uint8Array): void {
    sendSome(`send on ${this.ifname}`, this.fd, packet, this.to);
  }

  /** The next packet; nothing when there is none. @throws SystemError */
  receive(): Uint8Array | undefined {
    // A link that went down says so once on each of its sockets; messages come again when it is up.
    const read = () => receiveSome(`receive on ${this.ifname}`, this.fd, this.room);
    const length = unlessWaiting(read, "ENETDOWN");
    return length === undefined ? undefined : this.room.slice(0, length);
  }

  [Symbol.dispose](): void {
    closeFile(this.fd);
  }
}
