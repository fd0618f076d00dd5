/**
 * Starts a program in network and mount namespaces of its own, where it may do what root may. A user who is not root
 * gets a user namespace around them, in which he is.
 *
 *     bun test/private-namespace.ts PROGRAM ARGUMENT…
 *
 * The program sees empty directories where a network's state is kept, and ends with whoever started it; whatever it
 * makes in its namespaces ends with it.
 *
 * This file imports nothing but bun:ffi: any other import starts threads, and a process that has more than one thread
 * cannot enter a new user namespace (EINVAL; unshare(2)).
 */
import { dlopen, ptr } from "bun:ffi";

/** The command that starts `program` (its first word an absolute path) in namespaces of its own. */
export const inPrivateNamespaces = (...program: string[]): string[] => [
  process.execPath,
  import.meta.path,
  ...program,
];

/** Of linux/sched.h, linux/mount.h, linux/prctl.h and fcntl.h. */
const CLONE_NEWNS = 0x20000;
const CLONE_NEWUSER = 0x10000000;
const CLONE_NEWNET = 0x40000000;
const MS_REC = 0x4000;
const MS_PRIVATE = 0x40000;
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;
const O_WRONLY = 1;

/** Where names of namespaces, and leases, are kept: of the second kind the directory that is there. */
const STATE = [["/run"], ["/var/lib/cni", "/var/lib"]] as const;

const openLibc = () =>
  dlopen("libc.so.6", {
    unshare: { args: ["i32"], returns: "i32" },
    geteuid: { args: [], returns: "u32" },
    getegid: { args: [], returns: "u32" },
    open: { args: ["cstring", "i32"], returns: "i32" },
    write: { args: ["i32", "cstring", "usize"], returns: "i32" },
    close: { args: ["i32"], returns: "i32" },
    access: { args: ["cstring", "i32"], returns: "i32" },
    mount: { args: ["cstring", "cstring", "cstring", "u64", "ptr"], returns: "i32" },
    prctl: { args: ["i32", "u64"], returns: "i32" },
    execv: { args: ["cstring", "ptr"], returns: "i32" },
    perror: { args: ["cstring"], returns: "void" },
  }).symbols;
type Libc = ReturnType<typeof openLibc>;

const HINT = `An ordinary user needs user namespaces for this: see the sysctls user.max_user_namespaces,
kernel.unprivileged_userns_clone and kernel.apparmor_restrict_unprivileged_userns. Root (with CAP_SYS_ADMIN) does not.`;

/** Ends the process, and says why, when a call failed. */
function must(libc: Libc, doing: string, result: number): number {
  if (result !== -1) return result;
  libc.perror(`cannot ${doing}`);
  console.error(HINT);
  process.exit(1);
}

function writeFile(libc: Libc, path: string, text: string): void {
  const file = must(libc, `open ${path}`, libc.open(path, O_WRONLY));
  must(libc, `write ${path}`, libc.write(file, text, text.length));
  libc.close(file);
}

/** Whoever starts this is root in the new user namespace, and nobody else is anybody there. */
function enterUserNamespace(libc: Libc): void {
  const [user, group] = [libc.geteuid(), libc.getegid()];
  must(libc, "make a user namespace", libc.unshare(CLONE_NEWUSER));
  writeFile(libc, "/proc/self/setgroups", "deny");
  writeFile(libc, "/proc/self/uid_map", `0 ${user} 1`);
  writeFile(libc, "/proc/self/gid_map", `0 ${group} 1`);
}

function enterNamespaces(libc: Libc): void {
  if (libc.unshare(CLONE_NEWNS | CLONE_NEWNET) !== -1) return;
  enterUserNamespace(libc);
  must(libc, "make network and mount namespaces", libc.unshare(CLONE_NEWNS | CLONE_NEWNET));
}

/** Covers the directories of state. What was there is seen again outside. */
function hideState(libc: Libc, program: string): void {
  must(libc, "keep mounts private", libc.mount("none", "/", "none", MS_REC | MS_PRIVATE, null));
  for (const paths of STATE) {
    const path = paths.find((path) => libc.access(path, 0) === 0) ?? paths[0];
    if ([program, `${process.cwd()}/`].some((used) => used.startsWith(`${path}/`))) {
      console.error(
        `cannot cover ${path} for the program, which is in there itself: move it to another directory`,
      );
      process.exit(1);
    }
    must(libc, `mount an empty directory at ${path}`, libc.mount("tmpfs", path, "tmpfs", 0, null));
  }
}

/** Replaces this process by the program: one piece of memory holds the pointers to the words, then the words. */
function execute(libc: Libc, command: readonly string[]): never {
  const words = command.map((word) => `${word}\0`);
  let end = 8 * (words.length + 1);
  const memory = new Uint8Array(new ArrayBuffer(end + 3 * words.join("").length));
  const pointers = new BigUint64Array(memory.buffer, 0, words.length);
  words.forEach((word, index) => {
    pointers[index] = BigInt(ptr(memory) + end);
    end += new TextEncoder().encodeInto(word, memory.subarray(end)).written;
  });
  libc.execv(command[0]!, memory);
  libc.perror(`cannot start ${command[0]}`);
  process.exit(1);
}

if (import.meta.main) {
  const command = process.argv.slice(2);
  const libc = openLibc();
  enterNamespaces(libc);
  hideState(libc, command[0]!);
  libc.prctl(PR_SET_PDEATHSIG, SIGKILL);
  execute(libc, command);
}
