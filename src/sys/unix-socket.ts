/** Stream sockets in the file system (unix(7)): connecting, listening, accepting, and the bytes that go through them. */
import { EncodeError, SystemError } from "../../netlink/errors.ts";
import { closeFile, retrying } from "../../netlink/socket/libc.ts";
import { buffer, libc, utf8 } from "./library.ts";
import {
  AF,
  int,
  prepared,
  receiveSome,
  SOCK,
  sendSome,
  socketLibc,
  unlessWaiting,
  waitForAny,
} from "./socket-calls.ts";

/** sun_path of struct sockaddr_un, with its NUL. */
const LONGEST_PATH = 108;
/** SOMAXCONN: hundreds of plugins may call at once. */
const BACKLOG = 4096;
/** What only the owner may do, for the file that bind(2) makes. */
const OWNER_ONLY = 0o177;

/** struct sockaddr_un: the family, in this machine's order, and the path. @throws EncodeError when the path is too long */
function addressOf(path: string): Uint8Array<ArrayBuffer> {
  const name = utf8(path);
  if (name.length >= LONGEST_PATH || path.includes("\0"))
    throw new EncodeError(`"${path}" is no path for a socket: it has room for ${LONGEST_PATH - 1} bytes`);
  const bytes = buffer(2 + name.length + 1);
  bytes[0] = AF.unix;
  bytes.set(name, 2);
  return bytes;
}

/** One end of a connection. Nothing that it does waits, but for `wait`. */
export class UnixConnection implements Disposable {
  constructor(
    private descriptor: number,
    private readonly subject: string,
  ) {}

  /** The file descriptor; -1 after closing. */
  get fd(): number {
    return this.descriptor;
  }

  /** Bytes that have come; none at the other end's closing, nothing when there are none yet. @throws SystemError */
  receive(): Uint8Array | undefined {
    const bytes = buffer(65_536);
    const count = unlessWaiting(() => receiveSome(`receive from ${this.subject}`, this.descriptor, bytes));
    return count === undefined ? undefined : bytes.subarray(0, count);
  }

  /** @returns how many of the bytes were taken. @throws SystemError with code `EPIPE` when the other end is closed */
  send(bytes: Uint8Array): number {
    return unlessWaiting(() => sendSome(`send to ${this.subject}`, this.descriptor, bytes)) ?? 0;
  }

  /** Waits for bytes or the other end's closing. @returns false when the time in milliseconds is over */
  wait(milliseconds: number, output = false): boolean {
    return waitForAny([{ fd: this.descriptor, output }], milliseconds).length > 0;
  }

  [Symbol.dispose](): void {
    if (this.descriptor !== -1) closeFile(this.descriptor);
    this.descriptor = -1;
  }
}

const streamSocket = (operation: string): number =>
  retrying(operation, () =>
    socketLibc().socket(AF.unix, SOCK.stream | SOCK.nonBlocking | SOCK.closeOnExec, 0),
  );

/**
 * Connects to who listens at `path`.
 * @throws SystemError with code `ENOENT` when there is no such file, `ECONNREFUSED` when nobody listens there, `EAGAIN`
 * when too many wait to be accepted
 */
export function connectUnix(path: string): UnixConnection {
  const operation = `connect to ${path}`;
  const address = addressOf(path);
  const fd = prepared(streamSocket(operation), (fd) =>
    retrying(operation, () => socketLibc().connect(fd, address, address.length)),
  );
  return new UnixConnection(fd, path);
}

/** A socket that others connect to. */
export class UnixListener implements Disposable {
  constructor(
    readonly fd: number,
    readonly path: string,
  ) {}

  /** The next one who has connected; nothing when there is none. @throws SystemError */
  accept(): UnixConnection | undefined {
    const flags = SOCK.nonBlocking | SOCK.closeOnExec;
    const operation = `accept at ${this.path}`;
    const accept = () => retrying(operation, () => socketLibc().accept4(this.fd, null, null, flags));
    const fd = unlessWaiting(accept, "ECONNABORTED");
    return fd === undefined ? undefined : new UnixConnection(fd, `who called at ${this.path}`);
  }

  [Symbol.dispose](): void {
    closeFile(this.fd);
  }
}

/** Whether somebody listens at `path`. @throws SystemError when that cannot be told */
function isServed(path: string): boolean {
  try {
    using _ = connectUnix(path);
    return true;
  } catch (error) {
    if (error instanceof SystemError && (error.code === "ECONNREFUSED" || error.code === "ENOENT"))
      return false;
    // A queue that is full is a queue of somebody who listens.
    if (error instanceof SystemError && error.code === "EAGAIN") return true;
    throw error;
  }
}

/**
 * Listens at `path`, which only its owner may connect to. A socket that nobody listens at any more is taken away first.
 * @throws SystemError with code `EADDRINUSE` when somebody listens there
 */
export function listenUnix(path: string): UnixListener {
  const operation = `listen at ${path}`;
  const address = addressOf(path);
  if (isServed(path)) throw new SystemError(operation, "EADDRINUSE");
  libc().unlink(path);
  const fd = prepared(streamSocket(operation), (fd) => {
    const before = socketLibc().umask(OWNER_ONLY);
    try {
      retrying(operation, () => socketLibc().bind(fd, address, address.length));
    } finally {
      socketLibc().umask(before);
    }
    retrying(operation, () => socketLibc().listen(fd, BACKLOG));
  });
  return new UnixListener(fd, path);
}

const F_SETFL = 4;

/**
 * The listening socket that the starter of this process has left in descriptor `fd`.
 * @throws SystemError when it is none, or has no path
 */
export function inheritedListener(fd: number): UnixListener {
  const operation = `use the socket in descriptor ${fd}`;
  const address = buffer(2 + LONGEST_PATH);
  const length = int(address.length);
  retrying(operation, () => socketLibc().getsockname(fd, address, length));
  const path = new TextDecoder().decode(address.subarray(2, Math.max(2, length[0]!))).replace(/\0.*$/s, "");
  if (address[0] !== AF.unix || path === "") throw new SystemError(operation, "EAFNOSUPPORT");
  retrying(operation, () => libc().fcntl(fd, F_SETFL, SOCK.nonBlocking));
  return new UnixListener(fd, path);
}
