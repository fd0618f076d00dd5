/** Standard input, output and error: read and written whole, without the pool threads that Bun's streams start. */
import { SystemError } from "../../netlink/errors.ts";
import { readToEnd, writeWhole } from "./descriptors.ts";
import { libc, utf8 } from "./library.ts";

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const F_GETFD = 1;
const FD_CLOEXEC = 1;

/** A thousand times the largest configuration seen; beyond it the input is not a configuration. */
const LARGEST_INPUT = 16 * 1024 * 1024;

/**
 * All of standard input as UTF-8; empty when it is closed.
 * @throws SystemError with code `EFBIG` beyond 16 MiB
 */
export function readStdin(): string {
  try {
    return new TextDecoder().decode(readToEnd(STDIN, "read standard input", LARGEST_INPUT));
  } catch (error) {
    if (error instanceof SystemError && error.code === "EBADF") return "";
    throw error;
  }
}

/**
 * Whether standard output was closed when the program was started. The runtime opens /dev/null in its place, which
 * would swallow what is written; but what a program inherits is never to be closed on exec.
 */
const isStandIn = (): boolean => libc().fcntl(STDOUT, F_GETFD, 0) === FD_CLOEXEC;

/**
 * Writes all of `text`.
 * @throws SystemError with code `EPIPE` when nobody reads any more, `EBADF` when standard output is closed
 */
export function writeStdout(text: string): void {
  const operation = "write standard output";
  if (isStandIn()) throw new SystemError(operation, "EBADF");
  writeWhole(STDOUT, utf8(text), operation);
}

/** Writes all of `text`. @throws SystemError with code `EPIPE` when nobody reads any more */
export const writeStderr = (text: string): void => writeWhole(STDERR, utf8(text), "write standard error");

/** Whether a person sits at the other end of a descriptor. */
export const isTerminal = (descriptor: number): boolean => libc().isatty(descriptor) === 1;
