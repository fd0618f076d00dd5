/**
 * The C library's calls on netlink sockets, each a function that says what it was doing when it fails.
 *
 * All numbers for C are in arrays of one class, and not computed with `Math`: the first use of each class of arrays,
 * and of `Math`, costs a process 40 µs.
 */
import { onFirstUse, openLibrary, retrying } from "./libc.ts";

const libc = onFirstUse(() =>
  openLibrary({
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
    bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
    getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
    // These two return a ssize_t: a datagram is short enough for its lower half.
    send: { args: ["i32", "ptr", "usize", "i32"], returns: "i32" },
    recvfrom: { args: ["i32", "ptr", "usize", "i32", "ptr", "ptr"], returns: "i32" },
    poll: { args: ["ptr", "usize", "i32"], returns: "i32" },
  }),
);

/** Of asm-generic/socket.h and linux/netlink.h; the same on x86-64 and arm64. */
const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SOL_NETLINK = 270;
const MSG_TRUNC = 0x20;
const POLLIN = 1;

/** Options with an int as value, by level and number. */
const socketOptions = {
  sendBuffer: [SOL_SOCKET, 7],
  receiveBuffer: [SOL_SOCKET, 8],
  sendBufferForce: [SOL_SOCKET, 32],
  receiveBufferForce: [SOL_SOCKET, 33],
  addMembership: [SOL_NETLINK, 1],
  capAck: [SOL_NETLINK, 10],
  extAck: [SOL_NETLINK, 11],
  getStrictChk: [SOL_NETLINK, 12],
} as const;
export type SocketOption = keyof typeof socketOptions;

/** @returns the file descriptor. @throws SystemError */
export function createSocket(operation: string, protocol: number): number {
  return retrying(operation, () => libc().socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
}

/** @returns whether the kernel took it; if not, `lastError` says why */
export function setOption(fd: number, option: SocketOption, value: number): boolean {
  const [level, number] = socketOptions[option];
  const int = new Int32Array(new ArrayBuffer(4));
  int[0] = value;
  return libc().setsockopt(fd, level, number, int, int.byteLength) === 0;
}

/** Receiving fails with `EAGAIN` from then on when it has waited for so long; 0 waits for ever. @throws SystemError */
export function setReceiveTimeout(operation: string, fd: number, milliseconds: number): void {
  const SO_RCVTIMEO = 20;
  const timeval = new Int32Array(new ArrayBuffer(16)); // two 64-bit numbers: seconds, microseconds
  timeval[0] = milliseconds / 1000;
  timeval[2] = (milliseconds % 1000) * 1000;
  retrying(operation, () => libc().setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, timeval, timeval.byteLength));
}

/** A `sockaddr_nl` with its length, as getsockname(2) and recvfrom(2) fill them in. */
export class SocketAddress {
  /** The family (and padding), the port id, the groups. */
  private readonly words = new Int32Array(new ArrayBuffer(12));
  private readonly length = new Int32Array(new ArrayBuffer(4));

  get port(): number {
    return this.words[1]! >>> 0;
  }

  /** Has the kernel choose a port id for the socket, and reads it. @throws SystemError */
  bind(operation: string, fd: number): void {
    this.words[0] = AF_NETLINK;
    this.length[0] = this.words.byteLength;
    retrying(operation, () => libc().bind(fd, this.words, this.words.byteLength));
    retrying(operation, () => libc().getsockname(fd, this.words, this.length));
  }

  /**
   * Receives a datagram into `buffer`, and its sender into this address.
   * @returns the length of the datagram, of which `buffer` holds as much as fits
   * @throws SystemError
   */
  receive(operation: string, fd: number, buffer: Uint8Array): number {
    this.length[0] = this.words.byteLength;
    return retrying(operation, () =>
      libc().recvfrom(fd, buffer, buffer.byteLength, MSG_TRUNC, this.words, this.length),
    );
  }
}

/** Sends to the kernel, which is the destination of a datagram without one. @throws SystemError */
export function send(operation: string, fd: number, datagram: Uint8Array): void {
  retrying(operation, () => libc().send(fd, datagram, datagram.byteLength, 0));
}

/** @returns whether there is something to receive before `milliseconds` have passed. @throws SystemError */
export function waitToReceive(operation: string, fd: number, milliseconds: number): boolean {
  const waiting = new Int32Array(new ArrayBuffer(8)); // struct pollfd
  waiting.set([fd, POLLIN]);
  return retrying(operation, () => libc().poll(waiting, 1, milliseconds)) > 0;
}
