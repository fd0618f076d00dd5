/**
 * `npm run demo`: builds the executable, and shows what it does in namespaces that end with the demo.
 * `-- --trace` prints the whole netlink transcript; `-- --podman` does the same with real containers.
 * With FLATNET_PLUGINS the executables of that directory are shown and nothing is built.
 */
import { join, resolve } from "node:path";
import { version } from "../package.json" with { type: "json" };
import { inPrivateNamespaces } from "../test/private-namespace.ts";
import { paint } from "./terminal.ts";

const project = join(import.meta.dir, "..");
const options = process.argv.slice(2);

/** Ends with the program, and as it did. */
function run(...program: string[]): void {
  const { exitCode } = Bun.spawnSync(program, { cwd: project, stdio: ["ignore", "inherit", "inherit"] });
  if (exitCode !== 0) process.exit(exitCode ?? 1);
}

console.log(
  `\n${paint("bold", `flatnet ${version}`)}: three containers on a flat network, from one executable\n`,
);
const given = process.env.FLATNET_PLUGINS;
if (given === undefined) run(process.execPath, "run", "build.ts");
const plugins = given === undefined ? join(project, "dist/cni") : resolve(given);

const script = join(import.meta.dir, options.includes("--podman") ? "podman.ts" : "containers.ts");
const demo = [process.execPath, script, plugins, ...options];
run(...(options.includes("--podman") ? demo : inPrivateNamespaces(...demo)));
