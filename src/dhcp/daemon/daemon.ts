/**
 * `dhcp daemon`: gets leases for containers, and renews them.
 *
 * One thread waits by poll(2) for what comes first: a plugin's question, a server's answer, the next moment at which a lease
 * needs something. All that it does in a namespace is synchronous; it gives way to the runtime, which tells it of signals,
 * only between two rounds.
 */
import { SystemError } from "../../../netlink/errors.ts";
import { CniError, codes } from "../../cni/error.ts";
import { wordsOf } from "../../cni/explain.ts";
import { ensureDirectory } from "../../sys/directories.ts";
import { removeFile, replaceWhole } from "../../sys/files.ts";
import { SharedLock } from "../../sys/locks.ts";
import { waitForAny } from "../../sys/socket-calls.ts";
import { writeStderr } from "../../sys/streams.ts";
import { sinceBoot } from "../../sys/time.ts";
import { inheritedListener, listenUnix, type UnixListener } from "../../sys/unix-socket.ts";
import { Store } from "../store.ts";
import { Conversation } from "./conversation.ts";
import { type Flags, flagsHelp, readFlags } from "./flags.ts";
import type { Holding } from "./holding.ts";
import { Holdings } from "./holdings.ts";

/** A signal that another thread takes does not end the wait: it is noticed after this at the latest. */
const LONGEST_WAIT = 500;
const ROOT_ONLY = 0o700;
const READABLE_BY_ALL = 0o644;

const log = (line: string): void => writeStderr(`dhcp: ${line}\n`);

function failure(operation: string, cause: string, hint: string): CniError {
  return new CniError({ code: codes.failed, operation, cause, hint });
}

/** How many sockets systemd has left for this process (sd_listen_fds(3)); the first is descriptor 3. */
function socketsGiven(): number {
  const { LISTEN_PID, LISTEN_FDS } = process.env;
  return LISTEN_PID === String(process.pid) ? Number(LISTEN_FDS) || 0 : 0;
}

const FIRST_GIVEN = 3;

/** The socket that systemd has left, or one of the daemon's own, with how to take it away. */
function openListener({ hostprefix, socketpath }: Flags): { listener: UnixListener; own: boolean } {
  const given = socketsGiven();
  if (given > 1)
    throw failure("use the sockets of systemd", `it left ${given}`, "give the socket unit one ListenStream");
  if (given === 1) return { listener: inheritedListener(FIRST_GIVEN), own: false };
  const path = hostprefix + socketpath;
  ensureDirectory(path.slice(0, path.lastIndexOf("/")) || "/", ROOT_ONLY);
  try {
    return { listener: listenUnix(path), own: true };
  } catch (error) {
    if (error instanceof SystemError && error.code === "EADDRINUSE")
      throw failure("start the daemon", `another one listens at ${path}`, "stop that one first");
    throw error;
  }
}

/** Nobody else may go on with the leases while this process lives. */
function lockLeases(store: Store): SharedLock {
  store.makeDirectory();
  const lock = new SharedLock(store.directory);
  if (lock.alone()) return lock;
  lock[Symbol.dispose]();
  throw failure("start the daemon", `another one keeps ${store.directory}`, "stop that one first");
}

/** The next signal that asks the process to end. */
class Ending {
  asked = false;

  constructor() {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => this.ask());
  }

  private ask(): void {
    this.asked = true;
  }
}

/** One round of the runtime's own loop, in which it tells of signals. */
const giveWay = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

class Daemon {
  private readonly conversations = new Set<Conversation>();

  constructor(
    private readonly listener: UnixListener,
    private readonly holdings: Holdings,
  ) {}

  /** Waits for what comes first, and sees to it. */
  round(): void {
    const waiting = [
      { fd: this.listener.fd, ready: () => this.greet() },
      ...[...this.conversations].map((each) => ({
        fd: each.fd,
        output: each.output,
        ready: () => each.advance(),
      })),
      ...[...this.holdings].flatMap((each) =>
        each.fd === undefined ? [] : [{ fd: each.fd, ready: () => each.input(sinceBoot()) }],
      ),
    ];
    for (const { ready } of waitForAny(waiting, this.timeToNext())) this.guarded(ready);
    const now = sinceBoot();
    for (const each of this.all()) if (each.next <= now) this.guarded(() => each.wake(now));
    for (const each of this.conversations) if (each.isOver) this.conversations.delete(each);
    this.holdings.sweep();
  }

  close(): void {
    this.holdings.close();
    for (const each of this.conversations) each.close();
  }

  private all(): (Conversation | Holding)[] {
    return [...this.conversations, ...this.holdings];
  }

  private timeToNext(): number {
    const now = sinceBoot();
    const next = this.all().reduce((soonest, each) => Math.min(soonest, each.next), now + LONGEST_WAIT);
    return Math.max(0, next - now);
  }

  private greet(): void {
    for (let caller = this.listener.accept(); caller !== undefined; caller = this.listener.accept())
      this.conversations.add(new Conversation(caller, this.holdings.answer, sinceBoot()));
  }

  /** What goes wrong with one does not end the others. */
  private guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      log(wordsOf(error));
    }
  }
}

async function serve(flags: Flags, listener: UnixListener): Promise<void> {
  const { broadcast, hostprefix, timeout, resendmax, resendtimeout, probe } = flags;
  const store = new Store(listener.path, log);
  using _ = lockLeases(store);
  const patience = { timeout, resendMax: resendmax, resendTimeout: resendtimeout, probe };
  const holdings = new Holdings({ store, patience, broadcast, hostPrefix: hostprefix, log }, sinceBoot);
  holdings.resume();
  const daemon = new Daemon(listener, holdings);
  const ending = new Ending();
  log(`listening at ${listener.path}`);
  while (!ending.asked) {
    daemon.round();
    await giveWay();
  }
  daemon.close();
}

async function run(flags: Flags): Promise<void> {
  const { listener, own } = openListener(flags);
  try {
    if (flags.pidfile !== "") replaceWhole(flags.pidfile, `${process.pid}\n`, READABLE_BY_ALL);
    await serve(flags, listener);
  } finally {
    listener[Symbol.dispose]();
    if (own) removeFile(listener.path);
    if (flags.pidfile !== "") removeFile(flags.pidfile);
  }
}

/**
 * Runs the daemon until SIGINT or SIGTERM.
 * @param given the flags
 * @returns the process's exit code
 */
export async function daemon(given: readonly string[]): Promise<number> {
  if (given.some((each) => /^--?h(elp)?$/.test(each))) {
    writeStderr(`Usage of dhcp daemon:\n${flagsHelp()}\n`);
    return 0;
  }
  try {
    await run(readFlags(given));
    return 0;
  } catch (error) {
    log(wordsOf(error));
    return 1;
  }
}
