/** A place of the benchmark's own: network, mounts and /run of which nothing is left when its last process ends. */
import { fileURLToPath } from "node:url";

const MARK = "FLATNET_BENCH_SANDBOX";

/**
 * Starts this program over in network and mount namespaces of its own (as root in a user namespace when the caller is
 * not root), with an empty /run in memory. The process stays the same, so that a signal to it ends everything.
 */
export function enterSandbox(program: string): void {
  if (process.env[MARK] === undefined) startOver(fileURLToPath(program));
  const mount = Bun.spawnSync(["mount", "-t", "tmpfs", "tmpfs", "/run"]);
  if (mount.exitCode !== 0) throw new Error(`mount an empty /run: ${mount.stderr}`);
}

function startOver(program: string): never {
  const unshare = Bun.which("unshare");
  if (unshare === null) throw new Error("the program `unshare` (util-linux) is needed");
  const root = process.getuid?.() === 0 ? [] : ["--map-root-user"];
  const args = [unshare, ...root, "--net", "--mount", process.execPath, program, ...process.argv.slice(2)];
  return process.execve!(unshare, args, { ...process.env, [MARK]: "1" } as Record<string, string>);
}
