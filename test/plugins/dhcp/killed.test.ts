/** The daemon killed before any system call by which it changes something: the next one and a DEL leave nothing. */
import { expect } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { needs } from "../../needs.ts";
import { until, World } from "./world.ts";

const live = needs("namespaces", "program:dnsmasq", "program:strace");

const changing = ["sendto", "write", "rename", "unlink"] as const;

/** How often a daemon makes each call while it gets one lease and gives it back. */
async function counted(): Promise<Map<string, number>> {
  using world = new World();
  await world.dnsmasq("10.77.0.50,10.77.0.50");
  const trace = join(world.directory, "trace");
  const daemon = await world.daemonThrough([
    "strace",
    "-D",
    "-f",
    "-o",
    trace,
    "-e",
    `trace=${changing.join()}`,
  ]);
  const container = world.container();
  world.call("ADD", "web", container);
  world.call("DEL", "web", container);
  await daemon.end();
  await until(() => readFileSync(trace, "utf8").includes("+++ exited"), "strace");
  const text = readFileSync(trace, "utf8");
  return new Map(changing.map((call) => [call, text.split(`${call}(`).length - 1]));
}

live.test(
  "a daemon that is killed at any point of an ADD and a DEL leaves nothing that the next one cannot take away",
  async () => {
    for (const [call, times] of await counted()) {
      expect(times).toBeGreaterThan(0);
      for (let nth = 1; nth <= times; nth++) {
        using world = new World();
        await world.dnsmasq("10.77.0.50,10.77.0.50");
        const inject = `inject=${call}:signal=SIGKILL:when=${nth}`;
        const killed = world.startThrough(["strace", "-D", "-f", "-o", "/dev/null", "-e", inject]);
        const over = () => killed.child.exitCode !== null || killed.child.signalCode !== null;
        await until(() => over() || killed.text.includes("listening"), "a daemon");
        const container = world.container();
        world.call("ADD", "web", container);
        world.call("DEL", "web", container);
        await killed.end("SIGKILL");
        const next = await world.daemon("-timeout", "2s", "-resendtimeout", "5s");
        expect(world.call("DEL", "web", container).exit).toBe(0);
        expect({ call, nth, left: readdirSync(world.leases) }).toEqual({ call, nth, left: [] });
        // A lease that the server gave and the daemon had not written down yet comes again by the identifier.
        expect(world.call("ADD", "web", container).exit).toBe(0);
        expect(world.call("DEL", "web", container).exit).toBe(0);
        await until(
          () => world.leasesOfServer().length === 0,
          "the server to know",
          () => next.text,
        );
      }
    }
  },
  300_000,
);
