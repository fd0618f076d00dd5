/** Files and their text: read, written in place, made whole, replaced, removed. */
import { SystemError } from "../../netlink/errors.ts";
import { cPath, retrying } from "../../netlink/socket/libc.ts";
import { OPEN, opened, readToEnd, writeWhole } from "./descriptors.ts";
import { libc, utf8 } from "./library.ts";

/** What `action` gives, or `undefined` when it fails with `code`. */
function unless<T>(code: string, action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof SystemError && error.code === code) return undefined;
    throw error;
  }
}

/** The text of a file, as UTF-8. @throws SystemError */
export function readText(path: string): string {
  const operation = `read ${path}`;
  using file = opened(operation, path, OPEN.read);
  return new TextDecoder().decode(readToEnd(file.fd, operation));
}

/** The text of a file, or `undefined` where there is none. @throws SystemError for every other failure */
export const readTextIfPresent = (path: string): string | undefined => unless("ENOENT", () => readText(path));

/**
 * Writes `text` into a file that exists, by one write(2), as a kernel setting wants it.
 * @throws SystemError
 */
export function writeText(path: string, text: string): void {
  write(`write ${path}`, path, OPEN.write | OPEN.truncate, 0, text);
}

function write(operation: string, path: string, flags: number, mode: number, text: string): void {
  using file = opened(operation, path, flags, mode);
  writeWhole(file.fd, utf8(text), operation);
}

/**
 * Makes a file or writes over it in place, for a short text whose loss is harmless: a kill may leave the new text
 * with the end of a longer old one. In return it takes 5 µs where truncating or renaming takes 100 to 400 µs, since
 * those make ext4 write the data out at once.
 * @param mode permissions when it is made, before the umask
 * @throws SystemError
 */
export function overwrite(path: string, text: string, mode: number): void {
  const operation = `write ${path}`;
  const bytes = utf8(text);
  using file = opened(operation, path, OPEN.write | OPEN.create, mode);
  writeWhole(file.fd, bytes, operation);
  retrying(operation, () => libc().ftruncate(file.fd, bytes.length));
}

/** How the names of unfinished files begin. Only a killed process leaves one behind. */
export const UNFINISHED = ".unfinished-";

/**
 * A name beside `path` that nobody else uses. Process and microsecond are enough, since a name that is taken is refused; a process's first random number costs 0.3 ms.
 */
function unfinishedName(path: string): string {
  const moment = (performance.timeOrigin + performance.now()).toFixed(3);
  return `${path.slice(0, path.lastIndexOf("/") + 1)}${UNFINISHED}${process.pid}-${moment}`;
}

const goingAway = (name: string): Disposable & { readonly name: string } => ({
  name,
  [Symbol.dispose]: () => void libc().unlink(name),
});

/**
 * Makes a file that must not exist yet. It appears with all its text or not at all, whatever happens to this process
 * or the disk is full: written under another name first, then given its own by link(2), which refuses a taken name.
 * (Made in place with O_EXCL, a kill between open and write would leave an empty file that belongs to nobody.)
 * @param mode permissions, before the umask
 * @returns false when `path` exists
 * @throws SystemError
 */
export function createExclusive(path: string, text: string, mode: number): boolean {
  const operation = `create ${path}`;
  using beside = goingAway(unfinishedName(cPath(operation, path)));
  write(operation, beside.name, OPEN.write | OPEN.create | OPEN.exclusive, mode, text);
  return unless("EEXIST", () => retrying(operation, () => libc().link(beside.name, path))) !== undefined;
}

/**
 * Makes or replaces a file: readers see the old text or the new one, never a mixture. Not flushed to the disk.
 * @param mode permissions, before the umask
 * @param name the path of the new file until it is whole, for callers that find it by its name after a kill
 * @throws SystemError
 */
export function replaceWhole(path: string, text: string, mode: number, name = unfinishedName(path)): void {
  const operation = `replace ${cPath(`replace ${path}`, path)}`;
  using beside = goingAway(name);
  write(operation, beside.name, OPEN.write | OPEN.create | OPEN.exclusive, mode, text);
  retrying(operation, () => libc().rename(beside.name, path));
}

/** Removes a file. @returns false when there was none @throws SystemError */
export function removeFile(path: string): boolean {
  const operation = `remove ${path}`;
  const whole = cPath(operation, path);
  return unless("ENOENT", () => retrying(operation, () => libc().unlink(whole))) !== undefined;
}
