/** The C library's calls on sockets other than netlink's: what stream, datagram and packet sockets have in common. */
import { SystemError } from "../../netlink/errors.ts";
import { closeFile, lastError, onFirstUse, openLibrary, retrying } from "../../netlink/socket/libc.ts";

export const socketLibc = onFirstUse(() =>
  openLibrary({
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
    listen: { args: ["i32", "i32"], returns: "i32" },
    accept4: { args: ["i32", "ptr", "ptr", "i32"], returns: "i32" },
    connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
    getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
    setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
    sendto: { args: ["i32", "ptr", "usize", "i32", "ptr", "u32"], returns: "i32" },
    recv: { args: ["i32", "ptr", "usize", "i32"], returns: "i32" },
    poll: { args: ["ptr", "usize", "i32"], returns: "i32" },
    umask: { args: ["u32"], returns: "u32" },
  }),
);

/** Of asm-generic/socket.h and linux/net.h; the same on x86-64 and arm64. */
export const AF = { unix: 1, inet: 2, packet: 17 } as const;
export const SOCK = { stream: 1, datagram: 2, nonBlocking: 0o4000, closeOnExec: 0o2000000 } as const;
export const SOL_SOCKET = 1;
export const SO = { reuseAddress: 2, broadcast: 6, bindToDevice: 25, attachFilter: 26 } as const;
/** No SIGPIPE when the other end is gone. */
const MSG_NOSIGNAL = 0x4000;

/** Of poll.h. */
const EVENTS = { input: 1, output: 4 } as const;

/** A number as C's int. */
export const int = (value: number): Int32Array<ArrayBuffer> => {
  const array = new Int32Array(new ArrayBuffer(4));
  array[0] = value;
  return array;
};

/** @throws SystemError */
export const setOption = (
  operation: string,
  fd: number,
  option: number,
  value: Uint8Array | Int32Array,
): void =>
  void retrying(operation, () => socketLibc().setsockopt(fd, SOL_SOCKET, option, value, value.byteLength));

/** A new descriptor that `prepare` does something with; closed again when that fails. @throws SystemError */
export function prepared(fd: number, prepare: (fd: number) => void): number {
  try {
    prepare(fd);
    return fd;
  } catch (error) {
    closeFile(fd);
    throw error;
  }
}

/** What `call` gives; nothing when it would have to wait, or for another of the errors named. */
export function unlessWaiting<T>(call: () => T, ...others: string[]): T | undefined {
  try {
    return call();
  } catch (error) {
    if (error instanceof SystemError && ["EAGAIN", ...others].includes(error.code)) return undefined;
    throw error;
  }
}

/** @returns how many bytes were taken. @throws SystemError with code `EAGAIN` where it would have to wait */
export const sendSome = (operation: string, fd: number, bytes: Uint8Array, to?: Uint8Array): number =>
  retrying(operation, () =>
    socketLibc().sendto(fd, bytes, bytes.length, MSG_NOSIGNAL, to ?? null, to?.length ?? 0),
  );

/** @returns how many bytes came. @throws SystemError with code `EAGAIN` where it would have to wait */
export const receiveSome = (operation: string, fd: number, into: Uint8Array): number =>
  retrying(operation, () => socketLibc().recv(fd, into, into.length, 0));

/** What is waited for: input, or room for output. */
export interface Waiting {
  readonly fd: number;
  readonly output?: boolean;
}

/**
 * Waits until one of the descriptors is ready, or the other end of it gone.
 * @param milliseconds how long; negative waits for ever
 * @returns those that are ready; none when the time is over or a signal came
 * @throws SystemError
 */
export function waitForAny<T extends Waiting>(waiting: readonly T[], milliseconds: number): T[] {
  const requests = new ArrayBuffer(8 * waiting.length); // struct pollfd: int fd; short events; short revents
  const view = new DataView(requests);
  for (const [index, { fd, output }] of waiting.entries()) {
    view.setInt32(8 * index, fd, true);
    view.setInt16(8 * index + 4, output ? EVENTS.output : EVENTS.input, true);
  }
  const bytes = new Uint8Array(requests);
  const time = Math.min(Math.ceil(milliseconds), 2 ** 31 - 1);
  const count = socketLibc().poll(bytes, waiting.length, time);
  if (count === -1) {
    const error = lastError("wait for input");
    if (error.code !== "EINTR") throw error;
  }
  return count <= 0 ? [] : waiting.filter((_, index) => view.getInt16(8 * index + 6, true) !== 0);
}
