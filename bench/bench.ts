/** Measures our plugins and the Go ones in turn, and prints medians, ratios and targets: `npm run bench`. */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { availableParallelism, release } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { aloneCases } from "./cases/alone.ts";
import { chain, masqueraded, published } from "./cases/attachments.ts";
import { crowd } from "./cases/crowd.ts";
import { memory } from "./cases/memory.ts";
import { ports } from "./cases/ports.ts";
import { startup } from "./cases/startup.ts";
import { fifty, hundred, hundredChained } from "./cases/together.ts";
import type { Bench, Case, Row } from "./harness.ts";
import { build } from "./programs.ts";
import { enterSandbox } from "./sandbox.ts";
import { flatnet, go, goIsMissing } from "./sides.ts";
import { table } from "./table.ts";

const cases: readonly Case[] = [
  startup,
  masqueraded,
  published,
  chain,
  ...aloneCases,
  ports,
  memory,
  fifty,
  hundred,
  hundredChained,
  crowd,
];
const project = fileURLToPath(new URL("..", import.meta.url));

const usage = `npm run bench -- [--quick] [--rounds N] [--case NAME]... [--noise]

  --quick      fewer rounds, and without what takes long: under a minute
  --rounds N   how often each thing is measured; the median counts
  --case NAME  only ${cases.map((one) => one.name).join(", ")}
  --noise      the Go plugins on both sides: every ratio should be 1, and how far it is off is the noise`;

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    case: { type: "string", multiple: true },
    noise: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  console.log(usage);
  process.exit(0);
}

enterSandbox(import.meta.url);
if (!options.noise && !existsSync(`${flatnet.directory}/flatnet`)) build(project);

// On the disk of our own executable, since starting a program from memory takes longer than from a cached file.
const scratch = `${project}dist/bench`;
mkdirSync(scratch, { recursive: true });
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));

const missing = goIsMissing();
const bench: Bench = {
  ours: options.noise ? { ...go, name: "Go again" } : flatnet,
  go: missing === undefined ? go : undefined,
  rounds: Number(options.rounds ?? (options.quick ? 7 : 21)),
  quick: options.quick,
  scratch,
};

const rows: Row[] = [];
let broken = false;
for (const one of cases.filter(({ name }) => options.case?.includes(name) ?? true)) {
  if (process.stderr.isTTY) console.error(`measuring ${one.name} …`);
  try {
    rows.push(...(await one.rows(bench)));
  } catch (error) {
    broken = true;
    rows.push({ what: one.name, note: `not measured: ${inOneLine(error)}` });
  }
}
console.log(`${machine()}; medians of ${bench.rounds}, fewer of what takes long\n`);
console.log(table(options.noise ? rows.map(({ target, limit, ...row }) => row) : rows));
if (missing !== undefined) console.log(`\n${missing}; ours alone was measured.`);
process.exit(broken ? 1 : 0);

function machine(): string {
  return `Linux ${release()}, ${availableParallelism()} cores, Bun ${Bun.version}`;
}

function inOneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ");
}
