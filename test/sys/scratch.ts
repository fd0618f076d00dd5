/** A directory of a test's own, and programs run in a process of their own. */
import { afterAll, beforeAll } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Gives the path of something in a directory that lives as long as the test file. */
export function scratch(): (...parts: string[]) => string {
  let root = "";
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), "flatnet-test-"));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  return (...parts) => join(root, ...parts);
}

const SOURCES = join(import.meta.dir, "../../src");

/** The command that runs `code` in a process of its own, where `SRC` stands for the folder of the sources. */
export const program = (code: string): string[] => [process.execPath, "-e", code.replaceAll("SRC", SOURCES)];
