/** The real transport: a netlink socket of this machine's kernel. */
import { SystemError } from "../errors.ts";
import { closeInBackground } from "./background.ts";
import * as calls from "./calls.ts";
import { closeFile, lastError } from "./libc.ts";
import { inside, type Namespace } from "./namespace.ts";
import type { Datagram, Transport } from "./transport.ts";

/** The protocols of linux/netlink.h that have a kernel side worth talking to. */
export const protocols = {
  route: 0,
  sockDiag: 4,
  xfrm: 6,
  audit: 9,
  connector: 11,
  netfilter: 12,
  kobjectUevent: 15,
  generic: 16,
  rdma: 20,
  crypto: 21,
} as const;
export type Protocol = keyof typeof protocols;

export interface SocketOptions {
  readonly protocol: Protocol;
  /** The network namespace whose kernel side answers; the current one unless given. */
  readonly namespace?: Namespace;
  /** How long `receive` waits for a datagram, in milliseconds: 5000 unless given, 0 for ever. */
  readonly receiveTimeout?: number;
  /** How many bytes of datagrams the kernel keeps for us before it drops some (SO_RCVBUF). */
  readonly receiveBuffer?: number;
  /** How many bytes one datagram to the kernel may have, about (SO_SNDBUF): a big nf_tables batch needs more. */
  readonly sendBuffer?: number;
  /**
   * Closing does not wait for the kernel. Where nf_tables objects were deleted, closing any socket of that protocol waits
   * 12 to 20 ms for a grace period (nft_rcv_nl_event of net/netfilter/nf_tables_api.c); a short process has no use for it.
   */
  readonly closeInBackground?: boolean;
}

/**
 * Opens a netlink socket and binds it to a port of its own.
 *
 * Asks the kernel for extended acks without a copy of the request, and for strict checking of requests to list
 * things (so that their filters work), as far as it knows these. Takes 10 µs, the first time in a process 0.3 ms.
 * @throws SystemError with code `EPROTONOSUPPORT` when the kernel does not have the protocol
 */
export function openSocket(options: SocketOptions): LinuxTransport {
  const { protocol, namespace, receiveTimeout = 5000, receiveBuffer, sendBuffer } = options;
  const end = options.closeInBackground ? closeInBackground : closeFile;
  const operation = `open a ${protocol} netlink socket`;
  const create = () => calls.createSocket(operation, protocols[protocol]);
  const fd = namespace ? inside(namespace, create) : create();
  try {
    for (const wish of ["capAck", "extAck", "getStrictChk"] as const) calls.setOption(fd, wish, 1);
    calls.setReceiveTimeout(operation, fd, receiveTimeout);
    if (receiveBuffer) enlarge(fd, ["receiveBufferForce", "receiveBuffer"], receiveBuffer);
    if (sendBuffer) enlarge(fd, ["sendBufferForce", "sendBuffer"], sendBuffer);
    const address = new calls.SocketAddress();
    address.bind(operation, fd);
    return new LinuxTransport(fd, address.port, protocol, receiveTimeout, end);
  } catch (error) {
    closeFile(fd);
    throw error;
  }
}

/** Beyond the machine's limit (net.core.rmem_max, wmem_max) if the process may, up to it otherwise. */
function enlarge(fd: number, options: calls.SocketOption[], bytes: number): void {
  options.some((option) => calls.setOption(fd, option, bytes));
}

/** A netlink socket, made by `openSocket`. */
export class LinuxTransport implements Transport, Disposable {
  /** A dump comes in datagrams of at most 32 KiB, unless one object needs more (af_netlink.c, netlink_dump). */
  private buffer = new Uint8Array(new ArrayBuffer(64 << 10));
  private readonly sender = new calls.SocketAddress();

  constructor(
    private fd: number,
    readonly port: number,
    private readonly protocol: Protocol,
    private readonly receiveTimeout: number,
    private readonly end: (fd: number) => void,
  ) {}

  /** A datagram that is longer than the send buffer makes it larger, as far as the process may: a big nf_tables batch. */
  send(datagram: Uint8Array): void {
    const operation = `send to ${this.protocol} netlink`;
    try {
      calls.send(operation, this.fd, datagram);
    } catch (error) {
      if (!(error instanceof SystemError) || error.code !== "EMSGSIZE") throw error;
      enlarge(this.fd, ["sendBufferForce", "sendBuffer"], datagram.length);
      calls.send(operation, this.fd, datagram);
    }
  }

  /** After a truncated datagram the next one may be as long as that one was, so that asking again succeeds. */
  receive(): Datagram {
    const { buffer, sender } = this;
    const length = this.receiveInto(buffer);
    const truncated = length > buffer.length;
    if (truncated) this.buffer = new Uint8Array(new ArrayBuffer(length));
    return { bytes: buffer.subarray(0, length), port: sender.port, truncated };
  }

  private receiveInto(buffer: Uint8Array): number {
    const operation = `receive from ${this.protocol} netlink`;
    try {
      return this.sender.receive(operation, this.fd, buffer);
    } catch (error) {
      if (!(error instanceof SystemError) || error.code !== "EAGAIN") throw error;
      throw new SystemError(`${operation} within ${this.receiveTimeout} ms`, "ETIMEDOUT", { cause: error });
    }
  }

  /** Waits until `receive` has something to give at once; false when `milliseconds` went by without. */
  ready(milliseconds: number): boolean {
    return calls.waitToReceive(`wait for ${this.protocol} netlink`, this.fd, milliseconds);
  }

  /** From now on receives what the kernel sends to the multicast group of this number. @throws SystemError */
  join(group: number): void {
    const joined = calls.setOption(this.fd, "addMembership", group);
    if (!joined) throw lastError(`join group ${group} of ${this.protocol} netlink`);
  }

  /** Closing twice is harmless; other calls fail with `EBADF` from then on. */
  close(): void {
    if (this.fd !== -1) this.end(this.fd);
    this.fd = -1;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
