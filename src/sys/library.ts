/** The C library's functions that this folder needs, opened together at first use. */
import { onFirstUse, openLibrary } from "../../netlink/socket/libc.ts";

/**
 * Sizes come back as `i32`: nothing here reads or writes 2 GiB at once.
 * `syscall` stands in for wrappers younger than glibc 2.17: `getdents64` (2.30) and `fstatat` (2.33).
 */
export const libc = onFirstUse(() =>
  openLibrary({
    openat: { args: ["i32", "ptr", "i32", "u32"], returns: "i32" },
    read: { args: ["i32", "ptr", "usize"], returns: "i32" },
    write: { args: ["i32", "ptr", "usize"], returns: "i32" },
    ftruncate: { args: ["i32", "i64"], returns: "i32" },
    link: { args: ["cstring", "cstring"], returns: "i32" },
    rename: { args: ["cstring", "cstring"], returns: "i32" },
    unlink: { args: ["cstring"], returns: "i32" },
    mkdir: { args: ["cstring", "u32"], returns: "i32" },
    readlink: { args: ["cstring", "ptr", "usize"], returns: "i32" },
    access: { args: ["cstring", "i32"], returns: "i32" },
    statfs: { args: ["cstring", "ptr"], returns: "i32" },
    fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
    flock: { args: ["i32", "i32"], returns: "i32" },
    poll: { args: ["ptr", "usize", "i32"], returns: "i32" },
    ioctl: { args: ["i32", "u64", "u64"], returns: "i32" },
    isatty: { args: ["i32"], returns: "i32" },
    syscall: { args: ["i64", "i64", "ptr", "i64", "i64"], returns: "i32" },
  }),
);

/** What differs between processors (asm/unistd_64.h and asm/stat.h of x86, asm-generic of arm64). */
export const PROCESSORS = {
  x64: { getdents64: 217, newfstatat: 262, modeInStat: 24 },
  arm64: { getdents64: 61, newfstatat: 79, modeInStat: 16 },
} as const;

/** This processor's row. */
export const processor = () => PROCESSORS[process.arch === "arm64" ? "arm64" : "x64"];

/** `size` bytes that the C library may write to: views of an explicit buffer are never moved by the collector. */
export const buffer = (size: number): Uint8Array<ArrayBuffer> => new Uint8Array(new ArrayBuffer(size));

/** The UTF-8 bytes of `text`. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  const bytes = buffer(text.length * 3);
  return bytes.subarray(0, new TextEncoder().encodeInto(text, bytes).written);
}
