/** UDP sockets at one address of one link. */
import { closeFile, retrying } from "../../netlink/socket/libc.ts";
import { parseAddress } from "../../netlink/wire/address.ts";
import { buffer, utf8 } from "./library.ts";
import {
  AF,
  int,
  prepared,
  receiveSome,
  SO,
  SOCK,
  sendSome,
  setOption,
  socketLibc,
  unlessWaiting,
} from "./socket-calls.ts";

/** struct sockaddr_in: the family, in this machine's order, port and address in the network's. */
function inetAddress(address: string, port: number): Uint8Array<ArrayBuffer> {
  const bytes = buffer(16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF.inet, true);
  view.setUint16(2, port);
  bytes.set(parseAddress(address), 4);
  return bytes;
}

/** An IPv4 socket that sends and receives by one link only, and never waits. */
export class DatagramSocket implements Disposable {
  private readonly room = buffer(2048);
  readonly fd: number;

  /**
   * To be made in the link's namespace, in which the socket stays.
   * @throws SystemError with code `EADDRNOTAVAIL` when no link has the address, `EADDRINUSE` when the port is taken
   */
  constructor(
    private readonly ifname: string,
    address: string,
    port: number,
  ) {
    const operation = `open a socket at ${address} port ${port}`;
    const own = inetAddress(address, port);
    const type = SOCK.datagram | SOCK.nonBlocking | SOCK.closeOnExec;
    const fd = retrying(operation, () => socketLibc().socket(AF.inet, type, 0));
    this.fd = prepared(fd, () => {
      setOption(operation, fd, SO.reuseAddress, int(1));
      setOption(operation, fd, SO.bindToDevice, utf8(ifname));
      retrying(operation, () => socketLibc().bind(fd, own, own.length));
    });
  }

  /** @throws SystemError */
  send(datagram: Uint8Array, address: string, port: number): void {
    sendSome(`send to ${address} on ${this.ifname}`, this.fd, datagram, inetAddress(address, port));
  }

  /** The next datagram; nothing when there is none. @throws SystemError */
  receive(): Uint8Array | undefined {
    // What was sent before and could not be delivered is reported here; who waits for an answer asks again anyway.
    const read = () => receiveSome(`receive on ${this.ifname}`, this.fd, this.room);
    const length = unlessWaiting(read, "ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ENETDOWN");
    return length === undefined ? undefined : this.room.slice(0, length);
  }

  [Symbol.dispose](): void {
    closeFile(this.fd);
  }
}
