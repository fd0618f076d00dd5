import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { PROCESSORS } from "../../src/sys/library.ts";
import { SmallFiles } from "../../src/sys/scan.ts";
import { needs } from "../needs.ts";
import { program, scratch } from "./scratch.ts";

const at = scratch();

/** A new directory with these files. */
function directoryOf(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(at("scan-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(`${directory}/${name}`, text);
  return directory;
}

const all = (directory: string) =>
  Object.fromEntries([...new SmallFiles(directory).except([])].map(({ name, text }) => [name, text]));

describe("the files of a directory", () => {
  test("are all there, more than one system call names and more text than is decoded at once", () => {
    const files = Object.fromEntries(
      Array.from({ length: 1500 }, (_, index) => [
        `file-${index}-${"x".repeat(index % 60)}`,
        `${index}:`.repeat(index % 500),
      ]),
    );
    const directory = directoryOf(files);
    expect(all(directory)).toEqual(files);
    expect(new SmallFiles(directory).saying(files["file-77-xxxxxxxxxxxxxxxxx"]!)).toEqual([
      "file-77-xxxxxxxxxxxxxxxxx",
    ]);
  });
  test("of a directory without any are none", () => {
    const files = new SmallFiles(directoryOf({}));
    expect([files.saying("x"), [...files.except([])]]).toEqual([[], []]);
  });
  test("are told by their whole text, white space around it aside", () => {
    const files = new SmallFiles(
      directoryOf({
        a: "one\r\ntwo",
        b: "one\r\ntwo\r\n \n",
        c: "\tone\r\ntwo",
        d: "one\r\ntwo three",
        e: "one",
        f: "xone\r\ntwo",
      }),
    );
    expect(files.saying("one\r\ntwo").sort()).toEqual(["a", "b", "c"]);
    expect(files.saying("one")).toEqual(["e"]);
    expect([...files.except(["one\r\ntwo", "one"])].map(({ name }) => name).sort()).toEqual(["d", "f"]);
  });
  test("are found by how their names begin", () => {
    const files = new SmallFiles(directoryOf({ ".new-1": "", ".new-2": "x", "a.new-3": "", ".newer": "" }));
    expect(files.beginning(".new-").sort()).toEqual([".new-1", ".new-2"]);
  });
  test("whose texts only together say something do not say it", () => {
    expect(new SmallFiles(directoryOf({ a: "on", b: "e", c: "on", d: "e" })).saying("one")).toEqual([]);
  });
  test("are told by text that is not ASCII, even if it ends with a byte that is a space elsewhere", () => {
    const files = new SmallFiles(directoryOf({ a: "c1\r\nà", b: "c1\r\n東京", c: "c1\r\n\u00c3" }));
    expect([files.saying("c1\r\nà"), files.saying("c1\r\n東京")]).toEqual([["a"], ["b"]]);
  });
  test("that are none have no text: directories, pipes without a writer, dangling links", () => {
    const directory = directoryOf({ file: "text" });
    mkdirSync(`${directory}/directory`);
    symlinkSync("/nowhere", `${directory}/link`);
    Bun.spawnSync(["mkfifo", `${directory}/pipe`]);
    expect(all(directory)).toMatchObject({ file: "text", directory: "", link: "", pipe: "" });
  });
  needs("program:setpriv", "root").test(
    "that may not be read are an error, since they might say something",
    () => {
      const directory = directoryOf({ file: "text" });
      chownSync(`${directory}/file`, 65534, 65534);
      chmodSync(`${directory}/file`, 0o600);
      const code = `import { SmallFiles } from "SRC/sys/scan.ts"; new SmallFiles("${directory}")`;
      const command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", ...program(code)];
      const { exitCode, stderr } = Bun.spawnSync(command, { stderr: "pipe" });
      expect(exitCode).toBe(1);
      expect(stderr.toString()).toContain(`read the files in ${directory}: EACCES`);
    },
  );
  test("are read to 4096 bytes", () => {
    expect(all(directoryOf({ long: "x".repeat(5000), after: "y" }))).toMatchObject({
      long: "x".repeat(4096),
      after: "y",
    });
  });
  test("of a directory that is not there are an error that names it", () => {
    expect(() => new SmallFiles(at("missing"))).toThrow(`read the files in ${at("missing")}: ENOENT`);
  });
});

const generic = "/usr/include/asm-generic/unistd.h";
const x64 = "/usr/include/x86_64-linux-gnu/asm/unistd_64.h";
needs(`file:${generic}`, `file:${x64}`).test("system call numbers are those of the kernel's headers", () => {
  const number = (file: string, name: string) =>
    Number(new RegExp(`#define ${name}\\s+(\\d+)`).exec(readFileSync(file, "utf8"))?.[1]);
  expect(PROCESSORS.arm64).toMatchObject({
    getdents64: number(generic, "__NR_getdents64"),
    newfstatat: number(generic, "__NR3264_fstatat"),
  });
  expect(PROCESSORS.x64).toMatchObject({
    getdents64: number(x64, "__NR_getdents64"),
    newfstatat: number(x64, "__NR_newfstatat"),
  });
});
