/** The C library: opened here alone, with the one reading of errno, and what sockets and namespaces need of it. */
import { dlopen, type FFIFunction, toArrayBuffer } from "bun:ffi";
import { SystemError } from "../errors.ts";
import { errnoName } from "../wire/errno.ts";

/** A number, since the table of names costs 0.3 ms and most programs never need it. */
const EINTR = 4;

/** errno of the main thread. Another thread has its own, so a Worker that imports this file gets its own view. */
let errno: Int32Array | undefined;

/** A value that is made when it is first asked for: declarations of C functions are not compiled at import. */
export function onFirstUse<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

/**
 * Functions of the C library by their declarations. To be called at first use (`onFirstUse`), not at import:
 * 0.2 ms the first time in a process, and about 10 µs a function.
 * @throws SystemError with code `EXECMEM` where the process may not have executable memory, which bun:ffi needs
 */
export function openLibrary<const S extends Record<string, FFIFunction>>(symbols: S) {
  try {
    errno ??= errnoView();
    // The bare name is safe: this library is already loaded, so no directory is searched for it.
    return dlopen("libc.so.6", symbols).symbols;
  } catch (cause) {
    if (cause instanceof TypeError && cause.message.includes("JIT"))
      throw new SystemError(
        "call the C library, for which this process needs executable memory (allow it: " +
          "systemd MemoryDenyWriteExecute=no, SELinux execmem, no limit on address space)",
        "EXECMEM",
        { cause },
      );
    throw cause;
  }
}

function errnoView(): Int32Array {
  const { __errno_location } = dlopen("libc.so.6", {
    __errno_location: { args: [], returns: "ptr" },
  }).symbols;
  return new Int32Array(toArrayBuffer(__errno_location()!, 0, 4));
}

/** The error of the C library call that has just failed. To be made before anything else is called. */
export function lastError(operation: string): SystemError {
  return new SystemError(operation, errnoName(errno![0]!));
}

/**
 * Makes a C library call whose failure is -1, again when a signal interrupted it.
 * @param operation what is being done, with its subject: `open /run/netns/blue`
 * @returns what the call returned
 * @throws SystemError
 */
export function retrying(operation: string, call: () => number): number {
  for (;;) {
    const result = call();
    if (result !== -1) return result;
    if (errno![0] !== EINTR) throw lastError(operation);
  }
}

const shared = onFirstUse(() =>
  openLibrary({
    open: { args: ["cstring", "i32", "u32"], returns: "i32" },
    close: { args: ["i32"], returns: "i32" },
  }),
);

const O_CLOEXEC = 0o2000000;

/**
 * Opens a file that no started program inherits.
 * @param flags of open(2); `O_CLOEXEC` is added
 * @param mode the permissions of a file that is made
 * @returns the file descriptor
 * @throws SystemError
 */
export function openFile(operation: string, path: string, flags: number, mode = 0): number {
  return retrying(operation, () => shared().open(cPath(operation, path), flags | O_CLOEXEC, mode));
}

/** `path`, if C can hold it: a zero byte would end it early and name another file. @throws SystemError `EINVAL` */
export function cPath(operation: string, path: string): string {
  if (path.includes("\0")) throw new SystemError(operation, "EINVAL");
  return path;
}

/** Closes a file descriptor. Never repeated: Linux frees the number even when a signal interrupts close(2). */
export function closeFile(fd: number): void {
  shared().close(fd);
}
