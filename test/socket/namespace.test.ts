/** Network namespaces, against the kernel: where we are is read from /proc, not from the code under test. */
import { afterEach, expect } from "bun:test";
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import {
  createNamespace,
  currentNamespace,
  inside,
  openNamespace,
  openNamespaceOfPid,
  sameNamespace,
} from "../../netlink/socket/namespace.ts";
import { nameNamespace, removeNamespaceName } from "../../netlink/socket/namespace-name.ts";
import { openTargets } from "../descriptors.ts";
import { needs } from "../needs.ts";

const live = needs("namespaces");
const home = whereWeAre();

/** The namespace that the thread is in, as the kernel names it: `net:[4026531840]`. */
function whereWeAre(): string {
  return readlinkSync("/proc/thread-self/ns/net");
}

/** A folder for the length of a test. */
function folder() {
  const path = mkdtempSync("/tmp/flatnet-namespace-");
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

afterEach(() => expect(whereWeAre()).toBe(home));

live.test("a created namespace is another one, and creating it leaves us where we are", () => {
  using here = currentNamespace();
  using created = createNamespace();
  expect(sameNamespace(here, created)).toBe(false);
  expect(whereWeAre()).toBe(home);
  const inode = created.identity.split(":")[1];
  expect(readlinkSync(created.path)).toBe(`net:[${inode}]`);
  expect(inside(created, whereWeAre)).toBe(`net:[${inode}]`);
});

live.test("a namespace without a name can be opened by its path while it is held", () => {
  using created = createNamespace();
  using again = openNamespace(created.path);
  expect(sameNamespace(created, again)).toBe(true);
});

live.test("a named namespace outlives its descriptor, and is gone with its name", () => {
  using at = folder();
  const path = `${at.path}/netns/blue`; // whose folder has to be made
  const created = createNamespace();
  const { identity } = created;
  nameNamespace(created, path);
  created.close();
  const opened = openNamespace(path);
  expect(opened.identity).toBe(identity);
  expect(() => nameNamespace(opened, path)).toThrow(`create ${path}: EEXIST`);
  opened.close();
  removeNamespaceName(path);
  expect(readdirSync(`${at.path}/netns`)).toEqual([]);
  expect(() => openNamespace(path)).toThrow(`open the network namespace ${path}: ENOENT`);
  expect(() => removeNamespaceName(path)).toThrow("ENOENT");
});

needs("namespaces", "root", "program:ip").test("names are those of `ip netns`, in both directions", () => {
  const ip = (...args: string[]) => {
    const { stdout, stderr, exitCode } = Bun.spawnSync(["ip", ...args]);
    expect({ exitCode, stderr: stderr.toString() }).toEqual({ exitCode: 0, stderr: "" });
    return stdout.toString();
  };
  const name = `flatnet-test-${process.pid}`;
  const path = `/run/netns/${name}`;
  using created = createNamespace();
  nameNamespace(created, path);
  expect(ip("-n", name, "-brief", "link")).toStartWith("lo ");
  ip("netns", "delete", name);
  ip("netns", "add", name);
  using opened = openNamespace(path);
  expect(sameNamespace(created, opened)).toBe(false);
  removeNamespaceName(path);
  expect(ip("netns", "list")).not.toContain(name);
});

live.test("a name whose maker was killed before the mount is removed all the same", () => {
  using at = folder();
  writeFileSync(`${at.path}/half`, "");
  removeNamespaceName(`${at.path}/half`);
  expect(readdirSync(at.path)).toEqual([]);
});

live.test("a name that cannot be given leaves no file behind", () => {
  using at = folder();
  const closed = createNamespace();
  closed.close();
  expect(() => nameNamespace(closed, `${at.path}/blue`)).toThrow(
    `mount the network namespace ${closed.path} at`,
  );
  expect(readdirSync(at.path)).toEqual([]);
});

live.test("a namespace is found by a process in it", () => {
  using created = createNamespace();
  const child = inside(created, () => Bun.spawn(["sleep", "10"]));
  using found = openNamespaceOfPid(child.pid);
  child.kill();
  expect(sameNamespace(created, found)).toBe(true);
  expect(() => openNamespaceOfPid(2 ** 30)).toThrow(
    "open the network namespace /proc/1073741824/ns/net: ENOENT",
  );
});

live.test("what is not a network namespace is refused, and said to be there", () => {
  using at = folder();
  const file = `${at.path}/file`;
  const pipe = `${at.path}/pipe`; // whose opening would wait for a writer
  writeFileSync(file, "");
  Bun.spawnSync(["mkfifo", pipe]);
  for (const path of [file, pipe, at.path, "/proc/self/status", "/proc/self/ns/mnt", "/dev/null"])
    expect(() => openNamespace(path)).toThrow(`open ${path}, which is not a network namespace: EINVAL`);
  expect(() => openNamespace(`${file}\0.blue`)).toThrow("EINVAL");
  expect(() => openNamespace(`${file}/blue`)).toThrow("ENOTDIR");
});

live.test("we come back from a function that throws", () => {
  using created = createNamespace();
  const act = () =>
    inside(created, () => {
      throw new Error(whereWeAre());
    });
  expect(act).toThrow(readlinkSync(created.path));
  expect(whereWeAre()).toBe(home);
});

live.test("namespaces are entered from within one another, and from within themselves", () => {
  using one = createNamespace();
  using two = createNamespace();
  const visited = inside(one, () => [
    whereWeAre(),
    inside(one, whereWeAre),
    inside(two, whereWeAre),
    whereWeAre(),
  ]);
  const [first, second] = [readlinkSync(one.path), readlinkSync(two.path)];
  expect(visited).toEqual([first, first, second, first]);
});

live.test("a function that returns a promise is refused, after coming back", () => {
  using created = createNamespace();
  expect(() => inside(created, async () => 1)).toThrow(TypeError);
  expect(whereWeAre()).toBe(home);
});

live.test("a process that cannot come back ends, and says why", () => {
  const script = `
    import { dlopen } from "bun:ffi";
    import { createNamespace, inside } from "${import.meta.dir}/../../netlink/socket/namespace.ts";
    const { close } = dlopen("libc.so.6", { close: { args: ["i32"], returns: "i32" } }).symbols;
    inside(createNamespace(), () => { for (let fd = 3; fd < 100; fd++) close(fd); });
    console.log("lives on in the wrong namespace");`;
  const child = Bun.spawnSync([process.execPath, "-e", script]);
  expect(child.stderr.toString()).toContain("cannot come back from another network namespace: SystemError");
  expect({ code: child.exitCode, out: child.stdout.toString() }).toEqual({ code: 1, out: "" });
});

/** A closed namespace and another that got its descriptor's number, unless a thread of the runtime was quicker. */
function closedAndNext() {
  for (let attempt = 0; attempt < 100; attempt++) {
    const closed = createNamespace();
    const { path } = closed; // which holds the number
    closed.close();
    const next = createNamespace();
    if (next.path === path) return { closed, next };
    next.close();
  }
  throw new Error("the number of a closed descriptor was never given to the next one");
}

live.test("a closed namespace is of no use, and no harm to the one that got its number", () => {
  const { closed, next } = closedAndNext();
  using opened = next;
  closed.close();
  expect(() => inside(closed, whereWeAre)).toThrow("EBADF");
  expect(inside(opened, whereWeAre)).toBe(readlinkSync(opened.path));
});

/** How many of the process's descriptors are of namespaces or of `file`; the runtime has others, which come and go. */
function countOpen(file: string): number {
  const targets = openTargets();
  return targets.filter((target) => target.startsWith("net:[") || target === file).length;
}

live.test("descriptors are closed", () => {
  using at = folder();
  const file = `${at.path}/file`;
  writeFileSync(file, "");
  const before = countOpen(file);
  for (let round = 0; round < 5; round++) {
    using created = createNamespace();
    inside(created, () => inside(created, whereWeAre));
    expect(countOpen(file)).toBe(before + 1);
    expect(() => openNamespace(file)).toThrow("EINVAL");
  }
  expect(countOpen(file)).toBe(before);
});
