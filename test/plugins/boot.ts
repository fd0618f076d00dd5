/** The start of a machine as programs see it: /run with one file of that moment, and the time since then. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const SHOW = 'mount --bind "$0/run" /run && mount --bind "$0/uptime" /proc/uptime && exec "$@"';

export class Boot {
  private start = Date.now();

  /** @param directory a new one */
  constructor(private readonly directory: string) {
    this.touch();
  }

  /** The clock was set forward (or back, when negative) since the start: what it said then is no longer so. */
  setClock(milliseconds: number): void {
    this.start += milliseconds;
  }

  /** The oldest file in /run is as young as this moment. */
  touch(): void {
    const run = join(this.directory, "run");
    rmSync(run, { recursive: true, force: true });
    mkdirSync(run, { recursive: true });
    writeFileSync(join(run, "started"), "");
  }

  /** The words in front of a program to which all looks so, in a mount namespace of its own. */
  words(): string[] {
    const seconds = (Math.max(0, Date.now() - this.start) / 1000).toFixed(2);
    writeFileSync(join(this.directory, "uptime"), `${seconds} ${seconds}\n`);
    return ["sh", "-c", SHOW, this.directory];
  }
}
