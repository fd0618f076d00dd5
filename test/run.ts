/**
 * Runs all tests that this machine can run, lists what was left out and why, and counts: `npm test`.
 *
 * The executable is built first. The tests run in network and mount namespaces of their own, which an ordinary user
 * gets too where the kernel has user namespaces; without them, the tests that need such are left out.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { inPrivateNamespaces } from "./private-namespace.ts";

const bun = process.execPath;
const scratch = mkdtempSync(join(tmpdir(), "flatnet-test-"));
const report = join(scratch, "junit.xml");
const reasons = join(scratch, "left-out");
const wanted = process.argv.slice(2);

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

const output = ["--reporter=junit", `--reporter-outfile=${report}`];
const tests = Bun.spawnSync(
  inNamespacesIfPossible(bun, "test", "--timeout=30000", ...output, ...(wanted.length ? wanted : ["test"])),
  {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, FLATNET_PLUGINS: pluginDirectory(), FLATNET_LEFT_OUT: reasons },
  },
);
const totals = /<testsuites [^>]*>/.exec(textOf(report))?.[0] ?? "";
const leftOut = new Set(textOf(reasons).split("\n").filter(Boolean));
rmSync(scratch, { recursive: true });

const count = (name: string): number => Number(new RegExp(` ${name}="(\\d+)"`).exec(totals)?.[1] ?? 0);
const failed = count("failures");
const skipped = count("skipped");
const passed = count("tests") - failed - skipped;

if (leftOut.size > 0)
  console.log(`\nLeft out on this machine:\n${[...leftOut].map((line) => `  ${line}`).join("\n")}`);
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(tests.exitCode || (passed > 0 ? 0 : 1));
