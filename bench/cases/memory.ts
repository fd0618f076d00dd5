/** Peak memory of a call: the largest resident set that one of its processes had. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { type Bench, type Case, type Figure, inTurn, median, sides } from "../harness.ts";
import { Host } from "../host.ts";
import { networks } from "../networks.ts";
import { attach, detach } from "../runtime.ts";

/**
 * GNU time starts the plugin and asks the kernel for its peak. The benchmark cannot ask itself: a process begins with
 * the peak of the one that started it, and that one's is larger than any plugin's.
 */
const time = "/usr/bin/time";
const report = "/run/peak";
const through = [time, "--append", `--output=${report}`, "--format=%M"];

export const memory: Case = {
  name: "memory",
  async rows(bench: Bench) {
    if (!existsSync(time))
      return [{ what: "peak memory", note: `not measured: GNU time (${time}) is missing` }];
    const hosts = sides(bench).map((side) => new Host(side));
    const [ours, go] = await inTurn(
      hosts,
      Math.min(bench.rounds, 7),
      async (host) => {
        const attachment = { host, network: host.network(networks.published), container: host.container(1) };
        const { result } = await attach(attachment, through);
        const ADD = takePeak();
        await detach(attachment, result, through);
        return { ADD, DEL: takePeak() };
      },
      median,
    );
    return (["ADD", "DEL"] as const).map((command) => ({
      what: `one published port: peak memory of ${command}`,
      ours: mebibytes(ours![command]),
      ...(go && { against: { ...mebibytes(go[command]), name: "Go" } }),
      limit: 40,
    }));
  },
};

const mebibytes = (value: number): Figure => ({ value, unit: "MiB" });

/** The largest figure reported since the last time, in MiB. */
function takePeak(): number {
  const kibibytes = readFileSync(report, "utf8").trim().split("\n").map(Number);
  rmSync(report);
  return Math.max(...kibibytes) / 1024;
}
