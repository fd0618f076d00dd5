/** Names of network namespaces: a file over which the namespace is mounted keeps it alive, as `ip netns add` does. */
import { SystemError } from "../errors.ts";
import { closeFile, cPath, onFirstUse, openFile, openLibrary, retrying } from "./libc.ts";
import type { Namespace } from "./namespace.ts";

const libc = onFirstUse(() =>
  openLibrary({
    mkdir: { args: ["cstring", "u32"], returns: "i32" },
    mount: { args: ["cstring", "cstring", "cstring", "u64", "ptr"], returns: "i32" },
    umount2: { args: ["cstring", "i32"], returns: "i32" },
    unlink: { args: ["cstring"], returns: "i32" },
  }),
);

const MS_BIND = 0x1000;
const MNT_DETACH = 2;
const O_CREAT = 0o100;
const O_EXCL = 0o200;

/**
 * Gives `namespace` a name: it then lives, and can be opened at `path`, until the name is removed. The folder is made
 * if it is missing, but not the one above it.
 * @throws SystemError with code `EEXIST` when there is something at `path`, `EPERM` without CAP_SYS_ADMIN over the
 * mounts of the process
 */
export function nameNamespace(namespace: Namespace, path: string): void {
  makeFolderOf(path);
  closeFile(openFile(`create ${path}`, path, O_CREAT | O_EXCL));
  try {
    const source = `/proc/thread-self/fd/${namespace.fd}`;
    retrying(`mount the network namespace ${namespace.path} at ${path}`, () =>
      libc().mount(source, path, "none", MS_BIND, null),
    );
  } catch (error) {
    removeFile(path);
    throw error;
  }
}

/**
 * Removes a name given by `nameNamespace` or `ip netns add`, also one whose mount is missing because its maker was
 * killed. The namespace lives on while it is used.
 * @throws SystemError with code `ENOENT` when there is no such name
 */
export function removeNamespaceName(path: string): void {
  const operation = `unmount the network namespace at ${path}`;
  try {
    retrying(operation, () => libc().umount2(cPath(operation, path), MNT_DETACH));
  } catch (error) {
    const notMounted = error instanceof SystemError && error.code === "EINVAL";
    if (!notMounted) throw error;
  }
  removeFile(path);
}

function makeFolderOf(path: string): void {
  const folder = path.slice(0, Math.max(path.lastIndexOf("/"), 0));
  if (folder === "") return;
  try {
    retrying(`create the folder ${folder}`, () => libc().mkdir(cPath(`create ${folder}`, folder), 0o755));
  } catch (error) {
    const exists = error instanceof SystemError && error.code === "EEXIST";
    if (!exists) throw error;
  }
}

function removeFile(path: string): void {
  retrying(`remove ${path}`, () => libc().unlink(path));
}
