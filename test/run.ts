/** Runs all tests that this machine can run, lists what was left out and why, and counts: `npm test`. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const scratch = mkdtempSync(join(tmpdir(), "flatnet-test-"));
const report = join(scratch, "junit.xml");
const reasons = join(scratch, "left-out");
const filters = process.argv.slice(2);

const bun = process.execPath;
const tests = Bun.spawnSync(
  [bun, "test", "--reporter=junit", `--reporter-outfile=${report}`, ...(filters.length ? filters : ["test"])],
  { stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, FLATNET_LEFT_OUT: reasons } },
);

const readIfThere = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
};
const totals = /<testsuites [^>]*>/.exec(readIfThere(report))?.[0] ?? "";
const leftOut = new Set(readIfThere(reasons).split("\n").filter(Boolean));
rmSync(scratch, { recursive: true });

const count = (name: string): number => Number(new RegExp(` ${name}="(\\d+)"`).exec(totals)?.[1] ?? 0);
const failed = count("failures");
const skipped = count("skipped");
const passed = count("tests") - failed - skipped;

if (leftOut.size > 0) console.log(`\nLeft out on this machine:\n${[...leftOut].map((line) => `  ${line}`).join("\n")}`);
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(tests.exitCode || (passed > 0 ? 0 : 1));
