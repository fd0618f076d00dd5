import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { SystemError } from "../../netlink/errors.ts";
import {
  createExclusive,
  overwrite,
  readText,
  readTextIfPresent,
  removeFile,
  replaceWhole,
  writeText,
} from "../../src/sys/files.ts";
import { scratch } from "./scratch.ts";

const at = scratch();
const permissions = (path: string) => statSync(path).mode & 0o777;

/** The code of the SystemError that `action` throws. */
function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof SystemError) return error.code;
    throw error;
  }
  return "nothing was thrown";
}

describe("reading", () => {
  test.each([0, 1, 4095, 4096, 4097, 100_000])("a file of %d bytes is read whole", (size) => {
    const text = "0123456789".repeat(size / 10 + 1).slice(0, size);
    writeFileSync(at("sized"), text);
    expect(readText(at("sized"))).toBe(text);
  });
  test("text is UTF-8", () => {
    writeFileSync(at("utf8"), "Köln 東京 🚀");
    expect(readText(at("utf8"))).toBe("Köln 東京 🚀");
  });
  test("a file that is not there is an error that names it, or nothing where that was asked for", () => {
    expect(() => readText(at("missing"))).toThrow(`read ${at("missing")}: ENOENT`);
    expect(readTextIfPresent(at("missing"))).toBeUndefined();
    expect(codeOf(() => readTextIfPresent(at()))).toBe("EISDIR");
  });
  test("a path with a NUL byte is refused instead of being cut", () => {
    writeFileSync(at("secret"), "x");
    expect(codeOf(() => readText(`${at("secret")}\0.txt`))).toBe("EINVAL");
    expect(codeOf(() => removeFile(`${at("secret")}\0.txt`))).toBe("EINVAL");
    expect(codeOf(() => createExclusive(`${at("new")}\0.txt`, "", 0o600))).toBe("EINVAL");
    expect(codeOf(() => replaceWhole(`${at("secret")}\0.txt`, "", 0o600))).toBe("EINVAL");
    expect(readFileSync(at("secret"), "utf8")).toBe("x");
  });
});

describe("writing in place", () => {
  test("the old text is gone and the file is the same one", () => {
    writeFileSync(at("place"), "a long old text", { mode: 0o640 });
    const inode = statSync(at("place")).ino;
    writeText(at("place"), "new");
    expect(readFileSync(at("place"), "utf8")).toBe("new");
    expect(statSync(at("place"))).toMatchObject({ ino: inode });
    expect(permissions(at("place"))).toBe(0o640);
  });
  test("writeText makes no file", () => {
    expect(codeOf(() => writeText(at("not-made"), "x"))).toBe("ENOENT");
  });
  test("overwrite makes the file, and shortens a longer one", () => {
    overwrite(at("last"), "10.0.0.200", 0o600);
    expect(permissions(at("last"))).toBe(0o600);
    overwrite(at("last"), "10.0.0.3", 0o600);
    expect(readFileSync(at("last"), "utf8")).toBe("10.0.0.3");
  });
});

describe("making whole files", () => {
  test("createExclusive makes a file once", () => {
    mkdirSync(at("once"));
    expect(createExclusive(at("once", "lease"), "first", 0o600)).toBe(true);
    expect(createExclusive(at("once", "lease"), "second", 0o600)).toBe(false);
    expect(readFileSync(at("once", "lease"), "utf8")).toBe("first");
    expect(permissions(at("once", "lease"))).toBe(0o600);
    expect(readdirSync(at("once"))).toEqual(["lease"]);
  });
  test("createExclusive takes a dangling link as a file that exists", () => {
    symlinkSync(at("nowhere"), at("dangling"));
    expect(createExclusive(at("dangling"), "x", 0o600)).toBe(false);
    expect(readTextIfPresent(at("nowhere"))).toBeUndefined();
  });
  test("replaceWhole makes or replaces, and gives the new mode", () => {
    mkdirSync(at("replaced"));
    replaceWhole(at("replaced", "state"), "one", 0o644);
    replaceWhole(at("replaced", "state"), "two", 0o600);
    expect(readFileSync(at("replaced", "state"), "utf8")).toBe("two");
    expect(permissions(at("replaced", "state"))).toBe(0o600);
    expect(readdirSync(at("replaced"))).toEqual(["state"]);
  });
  test("what fails leaves nothing behind", () => {
    mkdirSync(at("failing"));
    mkdirSync(at("failing", "directory"));
    expect(codeOf(() => replaceWhole(at("failing", "directory"), "x", 0o600))).toBe("EISDIR");
    expect(codeOf(() => createExclusive(at("failing", "missing", "x"), "x", 0o600))).toBe("ENOENT");
    expect(readdirSync(at("failing"))).toEqual(["directory"]);
  });
  test("a relative path is relative to the working directory", () => {
    const before = process.cwd();
    try {
      process.chdir(at());
      expect(createExclusive("relative", "x", 0o600)).toBe(true);
      expect(readFileSync(at("relative"), "utf8")).toBe("x");
    } finally {
      process.chdir(before);
    }
  });
});

test("removing says whether there was anything", () => {
  writeFileSync(at("doomed"), "");
  expect(removeFile(at("doomed"))).toBe(true);
  expect(removeFile(at("doomed"))).toBe(false);
  expect(codeOf(() => removeFile(at()))).toBe("EISDIR");
});
