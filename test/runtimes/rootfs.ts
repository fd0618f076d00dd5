/** The root file system of the containers: no image is needed. */
import { chmodSync, copyFileSync, mkdirSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";

/** Makes a root file system out of one static busybox and a link for each of its applets. */
export function makeRootfs(directory: string): void {
  const busybox = Bun.which("busybox") ?? "/bin/busybox";
  for (const name of ["bin", "dev", "etc", "proc", "run", "sys", "tmp"]) {
    mkdirSync(join(directory, name), { recursive: true });
  }
  copyFileSync(busybox, join(directory, "bin/busybox"));
  chmodSync(join(directory, "bin/busybox"), 0o755);
  for (const applet of Bun.spawnSync([busybox, "--list"]).stdout.toString().split("\n")) {
    if (applet && applet !== "busybox") symlinkSync("busybox", join(directory, "bin", basename(applet)));
  }
}
