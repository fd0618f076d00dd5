/** Directories and what stands at a path: made, listed, told apart. */
import { ptr } from "bun:ffi";
import { SystemError } from "../../netlink/errors.ts";
import { cPath, lastError, retrying } from "../../netlink/socket/libc.ts";
import { OPEN, opened } from "./descriptors.ts";
import { buffer, libc, processor, utf8 } from "./library.ts";

const AT_FDCWD = -100;
const WRITE_AND_SEARCH = 0b011; // W_OK | X_OK of access(2)

/** Makes a directory and those above it; one that exists keeps its mode. @throws SystemError */
export function ensureDirectory(path: string, mode: number): void {
  const operation = `make the directory ${path}`;
  const whole = cPath(operation, path);
  // Asked first, since nearly always it is there, and the error of an mkdir that was not needed costs 0.2 ms.
  if (isDirectory(path) || libc().mkdir(whole, mode) === 0) return;
  const error = lastError(operation);
  if (error.code === "EEXIST" && isDirectory(path)) return;
  const above = path.slice(0, path.lastIndexOf("/"));
  if (error.code !== "ENOENT" || above === "") throw error;
  ensureDirectory(above, mode);
  if (libc().mkdir(whole, mode) === 0) return;
  const second = lastError(operation);
  if (second.code !== "EEXIST") throw second; // otherwise somebody else made it meanwhile
}

/** Whether there is something at `path` that this process can see. */
export const exists = (path: string): boolean => libc().access(cPath(`look for ${path}`, path), 0) === 0;

const isDirectory = (path: string): boolean => exists(`${path}/.`);

/** Whether `path` is a directory in which this process may make files. A full disk does not show here. */
export const isWritableDirectory = (path: string): boolean =>
  libc().access(`${cPath("look for a writable directory", path)}/.`, WRITE_AND_SEARCH) === 0;

/**
 * The names in a directory, in no order, without `.` and `..`.
 * @throws SystemError
 */
export function listDirectory(path: string): string[] {
  const operation = `list ${path}`;
  using directory = opened(operation, path, OPEN.read);
  const names: string[] = [];
  const entries = buffer(32_768);
  for (;;) {
    const length = retrying(operation, () =>
      libc().syscall(processor().getdents64, directory.fd, entries, entries.length, 0),
    );
    if (length === 0) return names;
    appendNames(names, entries.subarray(0, length));
  }
}

/** struct linux_dirent64: inode u64, offset i64, length of this entry u16, type u8, name with a NUL. */
function appendNames(names: string[], entries: Uint8Array): void {
  const view = new DataView(entries.buffer, entries.byteOffset, entries.length);
  const decoder = new TextDecoder();
  for (let start = 0; start < entries.length; start += view.getUint16(start + 16, true)) {
    const name = decoder.decode(entries.subarray(start + 19, entries.indexOf(0, start + 19)));
    if (name !== "." && name !== "..") names.push(name);
  }
}

/** Errors of a path at which there is no link: something else, or nothing. */
const NO_LINK: ReadonlySet<string> = new Set(["EINVAL", "ENOENT", "ENOTDIR"]);

/** A path is not longer (PATH_MAX of linux/limits.h). */
const LONGEST_PATH = 4096;

/** What a symbolic link says; `undefined` when there is nothing at `path`, or no link. @throws SystemError */
export function readLink(path: string): string | undefined {
  const operation = `read the link ${path}`;
  const target = buffer(LONGEST_PATH);
  try {
    const whole = cPath(operation, path);
    const length = retrying(operation, () => libc().readlink(whole, target, target.length));
    return new TextDecoder().decode(target.subarray(0, length));
  } catch (error) {
    if (error instanceof SystemError && NO_LINK.has(error.code)) return undefined;
    throw error;
  }
}

/** What tells one file from another, whatever paths lead to it. */
export interface FileIdentity {
  readonly device: bigint;
  readonly inode: bigint;
  /** False for a directory, device, socket, pipe. */
  readonly regular: boolean;
}

const AT_SYMLINK_NOFOLLOW = 0x100;

/**
 * struct stat of what is at `path`; `undefined` when there is nothing.
 * By the system call `newfstatat`: glibc exports `stat` itself only since 2.33, and the older `__xstat` wants a version
 * number that differs between processors just as the system call's number does.
 * @throws SystemError
 */
function statusOf(path: string, flags: number): DataView | undefined {
  const operation = `look at ${path}`;
  const name = utf8(`${cPath(operation, path)}\0`);
  const status = buffer(144); // struct stat of x86-64; arm64's has 128 bytes
  if (libc().syscall(processor().newfstatat, AT_FDCWD, name, ptr(status), flags) === -1) {
    const error = lastError(operation);
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw error;
  }
  return new DataView(status.buffer);
}

/** The identity of what `path` leads to, symbolic links followed; `undefined` when there is nothing. @throws SystemError */
export function fileIdentity(path: string): FileIdentity | undefined {
  const view = statusOf(path, 0);
  return (
    view && {
      device: view.getBigUint64(0, true),
      inode: view.getBigUint64(8, true),
      regular: (view.getUint32(processor().modeInStat, true) & 0o170000) === 0o100000,
    }
  );
}

/** Milliseconds since 1970 of a struct timespec. */
const moment = (view: DataView, offset: number): number =>
  Number(view.getBigInt64(offset, true)) * 1000 + Number(view.getBigInt64(offset + 8, true)) / 1e6;

/**
 * When the file or link at `path` was last written, renamed, or changed in any other way, and the device it is on; both
 * times count, since nobody can set the second (st_mtim, st_ctim). `undefined` when there is nothing.
 * @returns milliseconds since 1970 by the clock as it was then
 * @throws SystemError
 */
export function lastChange(path: string): { readonly at: number; readonly device: bigint } | undefined {
  const view = statusOf(path, AT_SYMLINK_NOFOLLOW);
  return view && { at: Math.max(moment(view, 88), moment(view, 104)), device: view.getBigUint64(0, true) };
}

/** Magic numbers of file systems (linux/magic.h). */
export const FILESYSTEM = {
  proc: 0x9fa0,
  nsfs: 0x6e736673,
  sysfs: 0x62656572,
  cgroup2: 0x63677270,
  tmpfs: 0x01021994,
  ext: 0xef53,
  xfs: 0x58465342,
  btrfs: 0x9123683e,
  f2fs: 0xf2f52010,
  bcachefs: 0xca451a4e,
  zfs: 0x2fc12fc1,
  overlay: 0x794c7630,
} as const;

/**
 * The magic number of the file system that `path` lies on; see `FILESYSTEM`.
 * @throws SystemError with code `ENOENT` when there is nothing at `path`
 */
export function filesystemType(path: string): number {
  const operation = `look at the file system of ${path}`;
  const whole = cPath(operation, path);
  const status = buffer(120); // struct statfs begins with the type, as a long
  retrying(operation, () => libc().statfs(whole, status));
  return new DataView(status.buffer).getUint32(0, true);
}
