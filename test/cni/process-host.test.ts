/** The protocol in a process of its own: real streams, real namespaces, and what happens when they fail. */

import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needs } from "../needs.ts";
import { attachment } from "./stage.ts";

const folder = mkdtempSync(join(tmpdir(), "flatnet-host-"));
afterAll(() => rmSync(folder, { recursive: true }));
const mark = join(folder, "attached");

/** Runs the echo plugin under a shell, which can prepare something and redirect the plugin's streams. */
function call(variables: Record<string, string>, redirections = "", prepare = ":") {
  const stdin = JSON.stringify({ name: "net", cniVersion: "1.0.0" });
  const child = Bun.spawnSync(
    [
      "/bin/sh",
      "-c",
      `${prepare}; "$0" run "$1" ${redirections}`,
      process.execPath,
      join(import.meta.dir, "echo-plugin.ts"),
    ],
    {
      env: { PATH: process.env.PATH, ...attachment, CNI_COMMAND: "ADD", TEST_MARK: mark, ...variables },
      stdin: new TextEncoder().encode(stdin),
      stderr: "pipe",
    },
  );
  return { exit: child.exitCode, stdout: child.stdout.toString(), stderr: child.stderr.toString() };
}

test("an ADD prints its result and nothing else", () => {
  const { exit, stdout, stderr } = call({});
  expect(JSON.parse(stdout)).toMatchObject({ cniVersion: "1.0.0", ips: [{ address: "10.1.2.3/24" }] });
  expect([exit, stderr, existsSync(mark)]).toEqual([0, "", true]);
});

test("VERSION does not wait for stdin", () => {
  const { exit, stdout } = call({ CNI_COMMAND: "VERSION" }, "<&-");
  expect([exit, JSON.parse(stdout).cniVersion]).toEqual([0, "1.1.0"]);
});

test("a closed stdin is an empty one: code 6", () => {
  const { exit, stdout } = call({}, "<&-");
  expect([exit, JSON.parse(stdout).code]).toEqual([1, 6]);
});

test("without CNI_COMMAND there are two lines on stderr, and no help for who is no terminal", () => {
  const { exit, stdout, stderr } = call({ CNI_COMMAND: "" });
  expect([exit, stdout, stderr.trimEnd().split("\n").length]).toEqual([0, "", 2]);
});

describe("a result that cannot be written: exit 1, words on stderr, and the attachment removed", () => {
  const pipe = join(folder, "pipe");

  test.each([
    ["nobody reads stdout", "EPIPE", ">&4", `mkfifo ${pipe}; exec 3<>${pipe} 4>${pipe} 3<&-`],
    ["the disk is full", "ENOSPC", ">/dev/full", ":"],
  ])("%s", (_, errno, redirection, prepare) => {
    rmSync(mark, { force: true });
    const { exit, stderr } = call({}, redirection, prepare);
    expect([exit, existsSync(mark)]).toEqual([1, false]);
    expect(stderr).toContain(errno);
  });
});

describe("the process's own namespace", () => {
  const live = needs("file:/proc/self/ns/net");

  live.test.each(["ADD", "DEL"])("%s is refused with code 8 before any work", (command) => {
    rmSync(mark, { force: true });
    const { exit, stdout } = call({ CNI_NETNS: "/proc/self/ns/net", CNI_COMMAND: command });
    expect([exit, JSON.parse(stdout).code, existsSync(mark)]).toEqual([1, 8, false]);
  });

  live.test("goes on with CNI_NETNS_OVERRIDE=1", () => {
    expect(call({ CNI_NETNS: "/proc/self/ns/net", CNI_NETNS_OVERRIDE: "1" }).exit).toBe(0);
  });
});

test("a process that may not call C says so in an error object, and how to allow it", () => {
  const { exit, stdout } = call({ BUN_JSC_useJIT: "0" });
  const { msg } = JSON.parse(stdout);
  expect(exit).toBe(1);
  expect(msg).toContain("executable memory");
  expect(msg).toContain("MemoryDenyWriteExecute");
});
