/** What the protocol needs of the process it runs in; tests stand in for it. */
import type { Namespace } from "../../netlink/socket/namespace.ts";
import type { Transport } from "../../netlink/socket/transport.ts";
import type { FileIdentity } from "../sys/directories.ts";
import type { Variables } from "./environment.ts";
import { CniError, codes } from "./error.ts";
import { explain } from "./explain.ts";
import type { Plugin } from "./plugin.ts";

/** Opens a netlink socket of a namespace, the process's own unless given. */
export type Open = (protocol: "route" | "netfilter", namespace: Namespace | undefined) => Transport;

/** The process, its files and the program around the protocol. */
export interface Host {
  readonly variables: Variables;
  /** True when a person reads stderr. */
  readonly terminal: boolean;
  /** The program's version, and all names that it answers to. */
  readonly program: { readonly version: string; readonly names: readonly string[] };
  /** All of stdin. Called at most once, and never for VERSION. */
  readStdin(): string;
  /** Writes all of `text` or throws. */
  writeStdout(text: string): void;
  writeStderr(text: string): void;
  /** Whether the network namespace at `path` is the process's own; false when it cannot be opened. */
  isOwnNamespace(path: string): boolean;
  /** The file that `path` leads to, links followed; nothing when there is none that can be seen. */
  identify(path: string): FileIdentity | undefined;
  /** A plugin of this program that gives out addresses. */
  plugin(name: string): Plugin | undefined;
  /** How sockets are opened, where it is not as usual: a trace puts itself between. */
  readonly open?: Open;
}

/** What `act` gives; whatever it throws becomes a CniError with code 5. */
export function io<Value>(operation: string, act: () => Value): Value {
  try {
    return act();
  } catch (cause) {
    throw new CniError({ code: codes.ioFailure, operation, cause: explain(cause).msg }, { cause });
  }
}

/** A line for people; one that cannot be written is lost and nothing else. */
export function log(host: Host, line: string): void {
  try {
    host.writeStderr(`${line}\n`);
  } catch {}
}
