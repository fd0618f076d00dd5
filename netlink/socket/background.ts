/** Closing a file without waiting for what the kernel does at its end. */
import { ptr } from "bun:ffi";
import { closeFile, onFirstUse, openLibrary } from "./libc.ts";

/** By number, since glibc has no functions for these; the numbers are the same on x86-64 and arm64. */
const SYS_IO_URING_SETUP = 425;
const SYS_IO_URING_REGISTER = 427;
const IORING_REGISTER_FILES = 2;
/** struct io_uring_params (linux/io_uring.h). */
const PARAMS_LENGTH = 120;

const libc = onFirstUse(() =>
  openLibrary({ syscall: { args: ["i64", "i64", "i64", "ptr", "i64"], returns: "i32" } }),
);

/**
 * Gives a ring of io_uring the file too, so that a worker of the kernel ends it when nobody else has it any more: the
 * worker gives back what a closed ring had.
 * @returns the ring; undefined where the kernel has none for us (before 5.1, or switched off)
 */
function keptByRing(fd: number): number | undefined {
  const params = new Int32Array(new ArrayBuffer(PARAMS_LENGTH));
  const ring = libc().syscall(SYS_IO_URING_SETUP, 1, ptr(params), null, 0);
  if (ring < 0) return undefined;
  const files = new Int32Array(new ArrayBuffer(4));
  files[0] = fd;
  // One that is not taken is closed as usual, and the wait is in closing it.
  libc().syscall(SYS_IO_URING_REGISTER, ring, IORING_REGISTER_FILES, files, 1);
  return ring;
}

/** Closes a file and returns at once, as far as the kernel can do that; it waits as `close` does elsewhere. */
export function closeInBackground(fd: number): void {
  const ring = keptByRing(fd);
  closeFile(fd);
  if (ring !== undefined) closeFile(ring);
}
