import { describe, expect, test } from "bun:test";
import { linkSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import {
  ensureDirectory,
  FILESYSTEM,
  fileIdentity,
  filesystemType,
  isWritableDirectory,
  listDirectory,
} from "../../src/sys/directories.ts";
import { needs } from "../needs.ts";
import { program, scratch } from "./scratch.ts";

const at = scratch();

describe("making directories", () => {
  test("those above are made too, and one that exists keeps its mode", () => {
    ensureDirectory(at("a", "b", "c"), 0o755);
    expect(statSync(at("a", "b", "c")).mode & 0o777).toBe(0o755);
    ensureDirectory(at("a", "b", "c"), 0o700);
    expect(statSync(at("a", "b", "c")).mode & 0o777).toBe(0o755);
  });
  test("a file in the way is an error", () => {
    writeFileSync(at("file"), "");
    expect(() => ensureDirectory(at("file"), 0o755)).toThrow(`make the directory ${at("file")}: EEXIST`);
    expect(() => ensureDirectory(at("file", "below"), 0o755)).toThrow("ENOTDIR");
  });
  test("a slash at the end does no harm", () => {
    ensureDirectory(`${at("slash", "below")}/`, 0o755);
    expect(statSync(at("slash", "below")).isDirectory()).toBe(true);
  });
});

describe("listing", () => {
  test("more names than one system call returns, long and foreign ones among them", () => {
    mkdirSync(at("many"));
    const names = Array.from({ length: 700 }, (_, index) => `${index}-${"x".repeat(index % 200)}`);
    names.push("10.0.0.2", "fd00::2", "東京", ".hidden");
    for (const name of names) writeFileSync(at("many", name), "");
    expect(listDirectory(at("many")).sort()).toEqual(readdirSync(at("many")).sort());
  });
  test("an empty directory has no names", () => {
    mkdirSync(at("empty"));
    expect(listDirectory(at("empty"))).toEqual([]);
  });
  test("a directory that is not there, or is a file, is an error that names it", () => {
    writeFileSync(at("plain"), "");
    expect(() => listDirectory(at("missing"))).toThrow(`list ${at("missing")}: ENOENT`);
    expect(() => listDirectory(at("plain"))).toThrow(`list ${at("plain")}: ENOTDIR`);
  });
});

describe("telling files apart", () => {
  test("device and inode are those that stat gives", () => {
    writeFileSync(at("one"), "");
    const { dev, ino } = statSync(at("one"), { bigint: true });
    expect(fileIdentity(at("one"))).toEqual({ device: dev, inode: ino, regular: true });
  });
  test("links lead to the same file", () => {
    writeFileSync(at("original"), "");
    linkSync(at("original"), at("hard"));
    symlinkSync(at("original"), at("soft"));
    expect(fileIdentity(at("hard"))).toEqual(fileIdentity(at("original"))!);
    expect(fileIdentity(at("soft"))).toEqual(fileIdentity(at("original"))!);
  });
  test("a directory, a device and a namespace are not regular files", () => {
    expect(fileIdentity(at())?.regular).toBe(false);
    expect(fileIdentity("/dev/null")?.regular).toBe(false);
    const { ino } = statSync("/proc/self/ns/net", { bigint: true });
    expect(fileIdentity("/proc/self/ns/net")?.inode).toBe(ino);
  });
  test("nothing has no identity", () => {
    expect(fileIdentity(at("missing"))).toBeUndefined();
    writeFileSync(at("leaf"), "");
    expect(fileIdentity(at("leaf", "below"))).toBeUndefined();
  });
  test("a file system is known by its magic number", () => {
    expect(filesystemType("/proc/self/status")).toBe(FILESYSTEM.proc);
    expect(filesystemType("/proc/self/ns/net")).toBe(FILESYSTEM.nsfs);
    expect(() => filesystemType(at("missing"))).toThrow("ENOENT");
  });
});

describe("whether files can be made in a directory", () => {
  test("in our own yes, in a file or in nothing no", () => {
    writeFileSync(at("no-directory"), "");
    expect(isWritableDirectory(at())).toBe(true);
    expect(isWritableDirectory(at("no-directory"))).toBe(false);
    expect(isWritableDirectory(at("missing"))).toBe(false);
  });
  needs("namespaces", "program:unshare").test("in one that is mounted read-only no", () => {
    mkdirSync(at("read-only"));
    const code = program(`
      import { isWritableDirectory } from "SRC/sys/directories.ts";
      console.log(isWritableDirectory("${at("read-only")}"));
    `);
    const mounted = 'mount -t tmpfs -o ro none "$0" && exec "$@"';
    const child = Bun.spawnSync(["unshare", "--mount", "sh", "-c", mounted, at("read-only"), ...code]);
    expect(child.stdout.toString()).toBe("false\n");
  });
});
