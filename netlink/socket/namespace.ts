/** Network namespaces: opened, made, compared, and entered for the length of one synchronous function. */
import { SystemError } from "../errors.ts";
import { closeFile, lastError, onFirstUse, openFile, openLibrary, retrying } from "./libc.ts";

const libc = onFirstUse(() =>
  openLibrary({
    setns: { args: ["i32", "i32"], returns: "i32" },
    unshare: { args: ["i32"], returns: "i32" },
    ioctl: { args: ["i32", "u64"], returns: "i32" },
    // Not fstat: glibc exports that since 2.33 only, and this one from its first 64-bit version on.
    __fxstat: { args: ["i32", "i32", "ptr"], returns: "i32" },
  }),
);

/** From linux/sched.h. */
const CLONE_NEWNET = 0x40000000;
/** From linux/nsfs.h: the kind of a namespace, as its CLONE_ flag. Linux 4.11. */
const NS_GET_NSTYPE = 0xb703;
/** Opening a pipe that somebody named as a namespace does not wait for its writer. */
const O_NONBLOCK = 0o4000;
/** The thread's own, where /proc/self would be that of the process's first thread. */
const CURRENT = "/proc/thread-self/ns/net";

/** A network namespace, held by a file descriptor: it lives at least until `close`. */
export class Namespace implements Disposable {
  private identified?: string;

  /**
   * @param descriptor an open file of the namespace, which this object closes
   * @param path where the namespace can be opened, for as long as something keeps it there
   */
  constructor(
    private descriptor: number,
    readonly path: string,
  ) {}

  /** The file descriptor; -1 after `close`. */
  get fd(): number {
    return this.descriptor;
  }

  /** Device and inode of the namespace, `4:4026531840`: equal for the same namespace and no other living one. */
  get identity(): string {
    this.identified ??= identityOf(this);
    return this.identified;
  }

  /** Lets go of the namespace. Closing twice is harmless. */
  close(): void {
    if (this.descriptor !== -1) closeFile(this.descriptor);
    this.descriptor = -1;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * The network namespace at `path`: `/run/netns/blue`, `/proc/4711/ns/net`.
 * @throws SystemError with the code `ENOENT` when there is nothing at `path`, `EINVAL` when what is there is not a
 * network namespace
 */
export function openNamespace(path: string): Namespace {
  const namespace = new Namespace(openFile(`open the network namespace ${path}`, path, O_NONBLOCK), path);
  if (libc().ioctl(namespace.fd, NS_GET_NSTYPE) === CLONE_NEWNET) return namespace;
  namespace.close();
  throw new SystemError(`open ${path}, which is not a network namespace`, "EINVAL");
}

/** The network namespace of the process `pid`. @throws SystemError with code `ENOENT` when there is no such process */
export function openNamespaceOfPid(pid: number): Namespace {
  return openNamespace(`/proc/${pid}/ns/net`);
}

/** The network namespace that the calling thread is in. @throws SystemError */
export function currentNamespace(): Namespace {
  const fd = openFile("open the current network namespace", CURRENT, 0);
  return new Namespace(fd, `/proc/${process.pid}/fd/${fd}`);
}

/**
 * A new network namespace without a name, which ends when it is closed and nothing else is in it.
 * @throws SystemError with code `EPERM` without CAP_SYS_ADMIN
 */
export function createNamespace(): Namespace {
  return fromHere((here) => {
    retrying("create a network namespace", () => libc().unshare(CLONE_NEWNET));
    try {
      return currentNamespace();
    } finally {
      comeBack(here);
    }
  });
}

/** Whether both are the same network namespace. @throws SystemError */
export function sameNamespace(a: Namespace, b: Namespace): boolean {
  return a.identity === b.identity;
}

/**
 * Calls `act` with the calling thread in `namespace`, and comes back. What `act` opens there (a socket) stays there.
 * If coming back fails, the process ends, since all that it did from then on would happen in the wrong place.
 * @param act must be synchronous: whatever ran while it waits would be in `namespace` too
 * @returns what `act` returned
 * @throws SystemError when the namespace cannot be entered (`EPERM` without CAP_SYS_ADMIN), TypeError when `act`
 * returned a promise, and whatever `act` throws
 */
export function inside<T>(namespace: Namespace, act: () => T): T {
  const result = fromHere((here) => {
    if (sameNamespace(here, namespace)) return act();
    enter(namespace);
    try {
      return act();
    } finally {
      comeBack(here);
    }
  });
  if (result instanceof Promise)
    throw new TypeError("inside() takes a synchronous function, and this one returned a promise");
  return result;
}

/** Calls `act` with the namespace that it starts in. Not `using`: the first of a process costs 70 µs. */
function fromHere<T>(act: (here: Namespace) => T): T {
  const here = currentNamespace();
  try {
    return act(here);
  } finally {
    here.close();
  }
}

function enter(namespace: Namespace): void {
  retrying(`enter the network namespace ${namespace.path}`, () => libc().setns(namespace.fd, CLONE_NEWNET));
}

function comeBack(here: Namespace): void {
  try {
    enter(here);
  } catch (error) {
    console.error(`cannot come back from another network namespace: ${error}`);
    process.exit(1);
  }
}

function identityOf(namespace: Namespace): string {
  // struct stat of x86-64 and arm64 begins with the device and the inode, 64 bits each, of which the kernel uses the
  // lower halves for namespaces. The first argument is the kernel's layout, on both.
  const words = new Int32Array(new ArrayBuffer(256));
  if (libc().__fxstat(0, namespace.fd, words) === -1)
    throw lastError(`identify the network namespace ${namespace.path}`);
  return `${words[0]! >>> 0}:${words[2]! >>> 0}`;
}
