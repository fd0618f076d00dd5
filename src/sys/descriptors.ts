/** File descriptors: opened for the length of a function, read to the end, written to the last byte. */

import { SystemError } from "../../netlink/errors.ts";
import { closeFile, lastError, openFile, retrying } from "../../netlink/socket/libc.ts";
import { buffer, libc } from "./library.ts";

/** Flags of open(2) that are the same number on every processor. */
export const OPEN = {
  read: 0,
  write: 0o1,
  readWrite: 0o2,
  create: 0o100,
  exclusive: 0o200,
  truncate: 0o1000,
} as const;

const POLLIN = 1;
const POLLOUT = 4;
/** Holds nearly every configuration and setting; twice as much is taken each time it does not. */
const FIRST_BUFFER = 4096;

/**
 * Opens a file for the length of a scope: `using file = opened(operation, path, OPEN.read)`.
 * @param operation what is being done, with its subject, for the error: `read /etc/resolv.conf`
 * @param mode permissions of a file that is created, before the umask
 * @throws SystemError
 */
export function opened(
  operation: string,
  path: string,
  flags: number,
  mode = 0,
): Disposable & { readonly fd: number } {
  const fd = openFile(operation, path, flags, mode);
  return { fd, [Symbol.dispose]: () => closeFile(fd) };
}

/** Waits until a non-blocking descriptor has data (`POLLIN`) or room (`POLLOUT`). */
function waitFor(fd: number, events: number, operation: string): void {
  const request = buffer(8); // struct pollfd: int fd; short events; short revents
  new DataView(request.buffer).setInt32(0, fd, true);
  request[4] = events;
  retrying(operation, () => libc().poll(request, 1, -1));
}

/** A read or write that waits where a non-blocking descriptor says `EAGAIN`. */
function patiently(fd: number, events: number, operation: string, call: () => number): number {
  for (;;) {
    const result = call();
    if (result !== -1) return result;
    const error = lastError(operation);
    if (error.code === "EAGAIN") waitFor(fd, events, operation);
    else if (error.code !== "EINTR") throw error;
  }
}

/**
 * Everything from the descriptor's position to its end.
 * @param limit bytes beyond which reading stops with the error `EFBIG`
 * @throws SystemError
 */
export function readToEnd(fd: number, operation: string, limit = Number.POSITIVE_INFINITY): Uint8Array {
  let bytes = buffer(FIRST_BUFFER);
  let length = 0;
  for (;;) {
    const room = bytes.subarray(length);
    const count = patiently(fd, POLLIN, operation, () => libc().read(fd, room, room.length));
    if (count === 0) return bytes.subarray(0, length);
    length += count;
    if (length > limit) throw new SystemError(`${operation}: more than ${limit} bytes`, "EFBIG");
    if (length === bytes.length) bytes = enlarged(bytes);
  }
}

function enlarged(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = buffer(bytes.length * 2);
  larger.set(bytes);
  return larger;
}

/** Writes all of `bytes`. @throws SystemError */
export function writeWhole(fd: number, bytes: Uint8Array, operation: string): void {
  for (let rest = bytes; rest.length > 0; ) {
    const view = rest;
    const count = patiently(fd, POLLOUT, operation, () => libc().write(fd, view, view.length));
    rest = rest.subarray(count);
  }
}
