/** The compiled plugins under test: those in `FLATNET_PLUGINS`, which `npm test` sets, else built once for all files. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PROJECT = join(import.meta.dir, "../..");

/** Removes a directory when this process has ended, however it ends: `bun test` runs no handlers of its exit. */
function removeAtEnd(directory: string): void {
  Bun.spawn(["sh", "-c", 'cat; rm -r "$0"', directory], { stdin: "pipe", stdout: "ignore" }).unref();
}

function build(): string {
  const directory = mkdtempSync(join(tmpdir(), "flatnet-plugins-"));
  removeAtEnd(directory);
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
