/**
 * `npm run demo`: builds the executable, and shows what it does in namespaces that end with the demo.
 * `-- --trace` prints the whole netlink transcript; `-- --podman` does the same with real containers.
 * With FLATNET_PLUGINS the executables of that directory are shown and nothing is built.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { version } from "../package.json" with { type: "json" };
import { inPrivateNamespaces } from "../test/private-namespace.ts";
import { paint } from "./terminal.ts";

const project = join(import.meta.dir, "..");
const options = process.argv.slice(2);
const INTERRUPTED = 130;

/** Runs a program to its end. Signals are the program's: this process still has to clean up behind it. */
async function run(program: string[], environment: Record<string, string> = {}): Promise<number> {
  const env = { ...process.env, ...environment };
  const child = Bun.spawn(program, { cwd: project, env, stdio: ["ignore", "inherit", "inherit"] });
  const pass = (signal: NodeJS.Signals): void => child.kill(signal);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, pass);
  await child.exited;
  return child.exitCode ?? INTERRUPTED;
}

/** The directory of the executables. */
async function built(): Promise<string> {
  const given = process.env.FLATNET_PLUGINS;
  if (given !== undefined) return resolve(given);
  const exitCode = await run([process.execPath, "run", "build.ts"]);
  if (exitCode !== 0) process.exit(exitCode);
  return join(project, "dist/cni");
}

console.log(
  `\n${paint("bold", `flatnet ${version}`)}: three containers on a flat network, from one executable\n`,
);
const script = join(import.meta.dir, options.includes("--podman") ? "podman.ts" : "containers.ts");
const demo = inPrivateNamespaces(process.execPath, script, await built(), ...options);
const scratch = mkdtempSync(join(tmpdir(), "flatnet-demo-"));
try {
  process.exitCode = await run(demo, { TMPDIR: scratch });
} finally {
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
}
