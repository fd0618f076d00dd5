/** The compiled plugins under test: those in `FLATNET_PLUGINS`, which `npm test` sets, else built once for all files. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PROJECT = join(import.meta.dir, "../..");

function build(): string {
  const directory = mkdtempSync(join(tmpdir(), "flatnet-plugins-"));
  process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
  const { exitCode, stderr } = Bun.spawnSync([process.execPath, "run", "build.ts", directory], {
    cwd: PROJECT,
  });
  if (exitCode !== 0) throw new Error(`the plugins cannot be built: ${stderr}`);
  return directory;
}

let directory: string | undefined;

/** The directory with the executable and its links, absolute. */
export function ourPlugins(): string {
  directory ??= process.env.FLATNET_PLUGINS ?? build();
  return directory;
}

/** Where Debian's package containernetworking-plugins has the reference plugins in Go. */
export const goPlugins = "/usr/lib/cni";
