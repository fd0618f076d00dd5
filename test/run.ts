/**
 * Runs all tests that this machine can run, lists what was left out and why, and counts: `npm test`.
 *
 * The executable is built first. The tests run in network and mount namespaces of their own, which an ordinary user
 * gets too where the kernel has user namespaces; without them, the tests that need such are left out. Those that only
 * the kernel left out run once more on another kernel (test/uml). A case counts once.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { inPrivateNamespaces } from "./private-namespace.ts";
import { type Cases, casesOf, countOf, together } from "./report.ts";
import { missingForMachine, runInMachine } from "./uml/machine.ts";

const bun = process.execPath;
const scratch = mkdtempSync(join(tmpdir(), "flatnet-test-"));
const reasons = join(scratch, "left-out");
const lackings = join(scratch, "lacking");
const wanted = process.argv.slice(2);

/** For all that runs on the second kernel, which is slower than the first. */
const PATIENCE = 30 * 60_000;

/** Builds dist/cni, unless another build is to be tested. */
function pluginDirectory(): string {
  const given = process.env.FLATNET_PLUGINS;
  if (given !== undefined) return resolve(given);
  const { exitCode } = Bun.spawnSync([bun, "run", "build.ts"], { stdio: ["ignore", "inherit", "inherit"] });
  if (exitCode !== 0) process.exit(exitCode);
  return resolve("dist/cni");
}

/** The command as it is, where it cannot have namespaces of its own. */
function inNamespacesIfPossible(...command: string[]): string[] {
  const { exitCode, stderr } = Bun.spawnSync(inPrivateNamespaces(bun, "--version"));
  if (exitCode === 0) return inPrivateNamespaces(...command);
  process.stderr.write(stderr);
  return command;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

const linesOf = (path: string): string[] => [...new Set(textOf(path).split("\n").filter(Boolean))];

/** `bun test` of what `words` name, with its report in a file. */
const testing = (report: string, timeout: number, words: readonly string[]): string[] => [
  ...[bun, "test", `--timeout=${timeout}`, "--reporter=junit", `--reporter-outfile=${report}`],
  ...words,
];

/** How the tests of one kernel ended. */
interface Run {
  readonly exit: number;
  readonly cases: Cases;
}

const environment = { FLATNET_PLUGINS: pluginDirectory(), FLATNET_LEFT_OUT: reasons };

function onThisKernel(): Run {
  const report = join(scratch, "this.xml");
  const elsewhere = missingForMachine() === undefined ? { FLATNET_LACKING: lackings } : {};
  const { exitCode } = Bun.spawnSync(
    inNamespacesIfPossible(...testing(report, 30_000, wanted.length ? wanted : ["test"])),
    {
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, ...environment, ...elsewhere },
    },
  );
  return { exit: exitCode, cases: casesOf(textOf(report)) };
}

/** Runs the files again that missed something of the kernel. Nothing when none did. */
function onSecondKernel(): Run {
  const lacking = linesOf(lackings).map((line) => line.split(" ") as [file: string, feature: string]);
  if (lacking.length === 0) return { exit: 0, cases: new Map() };
  const files = [...new Set(lacking.map(([file]) => file))];
  const lacked = [...new Set(lacking.map(([, feature]) => feature))].join(" ");
  console.log(`\nOn a second kernel, for ${lacked}:`);
  const report = join(scratch, "second.xml");
  const options = wanted.includes("-t") ? wanted.slice(wanted.indexOf("-t")) : [];
  const all = process.env.FLATNET_TEST_ALL;
  const {
    exit,
    output,
    console: said,
  } = runInMachine(
    inPrivateNamespaces(...testing(report, 120_000, [...files.map((file) => `./${file}`), ...options])),
    { ...environment, FLATNET_LACKED: lacked, ...(all && { FLATNET_TEST_ALL: all }) },
    PATIENCE,
  );
  process.stderr.write(output);
  if (exit !== 0) console.log(`The second kernel said:\n${said}`);
  if (exit === undefined) console.log(`It did not come to an end within ${PATIENCE / 60_000} minutes.`);
  return { exit: exit ?? 1, cases: casesOf(textOf(report)) };
}

const here = onThisKernel();
const there = onSecondKernel();
const leftOut = linesOf(reasons);
rmSync(scratch, { recursive: true });

const cases = together(here.cases, there.cases);
const passed = countOf(cases, "passed");

if (leftOut.length > 0)
  console.log(`\nLeft out on this machine:\n${leftOut.map((line) => `  ${line}`).join("\n")}`);
console.log(`\n${passed} passed, ${countOf(cases, "failed")} failed, ${countOf(cases, "skipped")} skipped`);
process.exit(here.exit || there.exit || (passed > 0 ? 0 : 1));
