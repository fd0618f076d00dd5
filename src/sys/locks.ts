/** Locks between processes: flock(2) on a file, given back by the kernel when the holder dies. */
import { SystemError } from "../../netlink/errors.ts";
import { lastError } from "../../netlink/socket/libc.ts";
import { OPEN, opened } from "./descriptors.ts";
import { fileIdentity } from "./directories.ts";
import { readTextIfPresent } from "./files.ts";
import { libc } from "./library.ts";
import { monotonic, sleep } from "./time.ts";

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;

/** Longer than any queue of honest holders, shorter than the patience of the runtimes. */
const PATIENCE = 30_000;

/**
 * Runs `action` while holding the lock on a file, which is made where it is missing.
 * @param path the lock file
 * @param mode its permissions when it is made, before the umask
 * @param patience milliseconds to wait for another holder
 * @throws SystemError with code `ETIMEDOUT` that names the holder; what `action` throws
 */
export function withLock<T>(path: string, mode: number, action: () => T, patience = PATIENCE): T {
  using file = opened(`lock ${path}`, path, OPEN.read | OPEN.create, mode);
  acquire(file.fd, path, patience);
  return action(); // closing the file gives the lock back
}

/**
 * Tries again and again instead of a blocking flock, which could not be given up without a signal handler. Two hundred
 * processes that want the lock at once are done equally soon either way.
 */
function acquire(descriptor: number, path: string, patience: number): void {
  const end = monotonic() + patience;
  for (let pause = 1; libc().flock(descriptor, LOCK_EX | LOCK_NB) === -1; pause = Math.min(pause * 2, 16)) {
    const error = lastError(`lock ${path}`);
    if (error.code !== "EAGAIN" && error.code !== "EINTR") throw error;
    if (monotonic() > end) throw new SystemError(overdue(path, patience), "ETIMEDOUT");
    sleep(pause);
  }
}

function overdue(path: string, patience: number): string {
  const holder = holderOf(path);
  const who = holder === undefined ? "another process" : `process ${holder.pid} (${holder.name})`;
  return `wait for the lock ${path}: ${who} holds it for more than ${patience / 1000} s; if it hangs, end it`;
}

/** Who holds the lock, from /proc/locks: `7: FLOCK  ADVISORY  WRITE 4711 fe:00:131078 0 EOF`. */
function holderOf(path: string): { pid: string; name: string } | undefined {
  const inode = fileIdentity(path)?.inode;
  const line = new RegExp(`FLOCK +ADVISORY +WRITE (\\d+) \\S+:${inode} `);
  const pid = line.exec(readTextIfPresent("/proc/locks") ?? "")?.[1];
  return pid === undefined
    ? undefined
    : { pid, name: readTextIfPresent(`/proc/${pid}/comm`)?.trim() ?? "already ended" };
}

/** Milliseconds between tries to share a lock. */
const PAUSES = [0, 1, 2, 4, 8, 16, 32];

/**
 * A lock that several processes hold together, until each disposes of it or dies. It keeps nobody waiting: on a file
 * that everybody may read, everybody could hold it for ever. Where it is not to be had in 63 ms, and where the file
 * cannot be locked at all, its holder goes on without, and is never alone.
 */
export class SharedLock implements Disposable {
  private readonly file: Disposable & { readonly fd: number };

  /** @throws SystemError when there is no such file */
  constructor(path: string) {
    this.file = opened(`lock ${path}`, path, OPEN.read);
    PAUSES.some((pause) => {
      if (pause > 0) sleep(pause);
      return libc().flock(this.file.fd, LOCK_SH | LOCK_NB) === 0;
    });
  }

  /** Whether nobody else holds the lock: then nobody else gets it as long as this one is held, otherwise it is given up. */
  alone(): boolean {
    return libc().flock(this.file.fd, LOCK_EX | LOCK_NB) === 0;
  }

  [Symbol.dispose](): void {
    this.file[Symbol.dispose]();
  }
}

/** Milliseconds to wait for a turn: longer than what one call of a plugin takes. */
const TURN_PATIENCE = 3000;

/**
 * A lock that one process holds at a time, for a file that processes may read that are not trusted: whoever does not get
 * it in 3 s goes on without, since one of those could hold it for ever.
 */
export class Turn implements Disposable {
  private readonly file: Disposable & { readonly fd: number };

  /** @throws SystemError when there is no such file */
  constructor(path: string) {
    this.file = opened(`lock ${path}`, path, OPEN.read);
    try {
      acquire(this.file.fd, path, TURN_PATIENCE);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
    }
  }

  [Symbol.dispose](): void {
    this.file[Symbol.dispose]();
  }
}
