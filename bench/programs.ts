/** Programs that do nothing, to measure against: one compiled like ours, and the smallest at hand. */
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const buildScript = fileURLToPath(new URL("../build.ts", import.meta.url));

/** An empty program, compiled by the project's own build: a project with nothing in it. @returns its path */
export function emptyProgram(scratch: string): string {
  mkdirSync(`${scratch}/src`, { recursive: true });
  writeFileSync(`${scratch}/src/main.ts`, "");
  build(scratch);
  return `${scratch}/dist/cni/flatnet`;
}

/** Runs the build in `folder`. @throws Error with what it printed */
export function build(folder: string): void {
  const built = Bun.spawnSync([process.execPath, "run", buildScript], { cwd: folder });
  if (built.exitCode !== 0) throw new Error(`the build failed: ${built.stdout}${built.stderr}`);
}

/** What starting and reaping any process costs here: a static program if there is one. */
export const floorProgram: readonly string[] = Bun.which("busybox") ? ["busybox", "true"] : ["true"];
