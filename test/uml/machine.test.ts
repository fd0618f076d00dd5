/** The second kernel: what a command in it sees, and that nothing is left of it however it ends. */
import { afterAll, beforeAll, expect } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needs } from "../needs.ts";
import { runInMachine } from "./machine.ts";

const live = needs("root", "program:linux.uml", "program:modprobe", "program:unshare");

const PATIENCE = 60_000;

/** A shell script's ending in the machine. */
const shell = (script: string, variables = {}, patience = PATIENCE) =>
  runInMachine(["/bin/sh", "-c", script], variables, patience);

/** A directory in place of /tmp, in which machines of this test alone have theirs. */
const place = mkdtempSync(join(tmpdir(), "flatnet-place-"));
const before = process.env.TMPDIR;
beforeAll(() => {
  process.env.TMPDIR = place;
});
afterAll(() => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
  rmSync(place, { recursive: true });
});

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

const processes = (): string[] =>
  readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && commandOf(pid).includes(place));

/** Nothing is left but processes that have been killed and need a moment to end. */
function expectNothingLeft(): void {
  expect(readdirSync(place)).toEqual([]);
  for (let tries = 0; tries < 50 && processes().length > 0; tries++) Bun.sleepSync(100);
  expect(processes()).toEqual([]);
}

live.test(
  "a command ends as it would outside, with another kernel's network around it",
  () => {
    const script = `pwd; echo "$WORDS"; uname -r; ip link add blue type vrf table 7 && ip -br link; ls /run >/dev/null; exit 7`;
    const { exit, output } = shell(script, { WORDS: `it's "here"` });
    expect(exit).toBe(7);
    const [directory, words, release, ...shown] = output.trim().split("\n");
    expect([directory, words]).toEqual([process.cwd(), `it's "here"`]);
    expect(release).not.toBe(readFileSync("/proc/sys/kernel/osrelease", "utf8").trim());
    expect(shown.join("\n")).toContain("blue");
    expectNothingLeft();
  },
  90_000,
);

live.test(
  "one that hangs is ended, with what it and the kernel said",
  () => {
    const {
      exit,
      output,
      console: said,
    } = shell("echo begun; ip link add x type dummy; sleep 1000", {}, 15_000);
    expect([exit, output]).toEqual([undefined, "begun\n"]);
    expect(said).toContain("SELinux");
    expectNothingLeft();
  },
  90_000,
);
