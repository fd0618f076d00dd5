/**
 * A second kernel for tests that are about what this machine's lacks: user-mode Linux, an ordinary process that boots in
 * three seconds on this machine's own file system, with every network module that Debian builds for it.
 *
 * Nothing of it is left when it has ended: its memory is a file without a name, and what it mounts only it sees.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inPrivateNamespaces } from "../private-namespace.ts";

const PROGRAM = "linux.uml";
/** Where Debian's package has them, a folder for each version. */
const MODULES = "/usr/lib/uml/modules";

/** What is missing here for a second kernel; undefined when nothing is. */
export function missingForMachine(): string | undefined {
  if (process.getuid?.() !== 0) return "the machine's root";
  if (Bun.which(PROGRAM) === null) return `the program ${PROGRAM} (Debian's package user-mode-linux)`;
  if (Bun.which("modprobe") === null) return "the program modprobe (Debian's package kmod)";
  return existsSync(MODULES) ? undefined : `the modules in ${MODULES}`;
}

/** How a command in the machine ended. */
export interface Ending {
  /** Undefined when it did not end by itself within the time, or the machine did not boot. */
  readonly exit: number | undefined;
  /** What it wrote to both streams. */
  readonly output: string;
  /** What the kernel said, and programs to the console. */
  readonly console: string;
}

const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, "utf8") : "");

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** The shell script that the machine is for. */
const script = (command: readonly string[], variables: Readonly<Record<string, string>>): string =>
  [
    "#!/bin/sh",
    ...Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}`),
    `exec ${command.map(quoted).join(" ")}`,
    "",
  ].join("\n");

/** It has helpers that outlive it: in a namespace of process ids they end with it, and all of it with who started it. */
const ALONE = ["/usr/bin/unshare", "--pid", "--kill-child"] as const;

/** What the kernel gets: names that it does not know go to the environment of `init`. */
const kernelCommandLine = (scratch: string, variables: Readonly<Record<string, string>>): string[] => [
  "mem=2G",
  "root=/dev/root",
  "rootfstype=hostfs",
  "rootflags=/",
  "rw",
  `init=${join(import.meta.dir, "init")}`,
  "con=null",
  "con0=null,fd:1",
  "quiet",
  // A panic ends it.
  "panic=-1",
  `uml_dir=${scratch}`,
  "umid=machine",
  ...Object.entries({ ...variables, FLATNET_UML: scratch }).map(([name, value]) => `${name}="${value}"`),
];

/**
 * Boots the machine, and runs one command in it, in this directory.
 * @param command absolute path and arguments
 * @param variables of its environment, besides PATH, HOME and TMPDIR
 * @param patience milliseconds for all of it; what is not done by then is ended
 */
export function runInMachine(
  command: readonly string[],
  variables: Readonly<Record<string, string>>,
  patience: number,
): Ending {
  const scratch = mkdtempSync(join(tmpdir(), "flatnet-uml-"));
  const file = (name: string): string => join(scratch, name);
  try {
    mkdirSync(file("tmp"));
    writeFileSync(file("run"), script(command, { ...variables, TMPDIR: file("tmp") }), { mode: 0o755 });
    const toInit = {
      FLATNET_UML_MODULES: MODULES,
      FLATNET_UML_CWD: process.cwd(),
      FLATNET_LACKED: variables.FLATNET_LACKED ?? "",
    };
    const machine = [PROGRAM, ...kernelCommandLine(scratch, toInit)];
    const { stdout, stderr } = Bun.spawnSync(inPrivateNamespaces(...ALONE, ...machine), {
      stdin: "ignore",
      stderr: "pipe",
      timeout: patience,
      killSignal: "SIGKILL",
      // Its memory is a file of this directory: /dev/shm may be smaller than the machine.
      env: { ...process.env, TMPDIR: scratch },
    });
    const exit = textOf(file("exit")).trim();
    return {
      exit: exit === "" ? undefined : Number(exit),
      output: textOf(file("output")),
      console: `${stdout}${stderr}`,
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
