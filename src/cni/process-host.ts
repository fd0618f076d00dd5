/** The real host: this process's environment, streams, files and network namespace. */
import { SystemError } from "../../netlink/errors.ts";
import { currentNamespace, openNamespace, sameNamespace } from "../../netlink/socket/namespace.ts";
import { fileIdentity } from "../sys/directories.ts";
import { isTerminal, readStdin, writeStderr, writeStdout } from "../sys/streams.ts";
import type { Host } from "./host.ts";

const STDERR = 2;

/** What `act` gives, or `otherwise` when the system refuses. */
function unlessRefused<Value>(act: () => Value, otherwise: Value): Value {
  try {
    return act();
  } catch (error) {
    if (error instanceof SystemError) return otherwise;
    throw error;
  }
}

function isOwnNamespace(path: string): boolean {
  using other = openNamespace(path);
  using own = currentNamespace();
  return sameNamespace(own, other);
}

/**
 * `write`, or the console where bun:ffi is refused, so that this very error can be reported. The console adds a newline
 * and does not say when it could not write, which is why it is not used otherwise.
 */
function withConsole(write: (text: string) => void, print: (text: string) => void) {
  return (text: string): void => {
    try {
      write(text);
    } catch (error) {
      if (!(error instanceof SystemError && error.code === "EXECMEM")) throw error;
      print(text.trimEnd());
    }
  };
}

/**
 * The host of this process.
 * @param program the version and the names of the program
 * @param plugin gives a plugin of this program that gives out addresses
 */
export function processHost(program: Host["program"], plugin: Host["plugin"] = () => undefined): Host {
  return {
    variables: process.env,
    get terminal(): boolean {
      return unlessRefused(() => isTerminal(STDERR), false);
    },
    program,
    readStdin,
    writeStdout: withConsole(writeStdout, console.log),
    writeStderr: withConsole(writeStderr, console.error),
    isOwnNamespace: (path) => unlessRefused(() => isOwnNamespace(path), false),
    identify: (path) => unlessRefused(() => fileIdentity(path), undefined),
    plugin,
  };
}
