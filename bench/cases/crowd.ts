/** One more container with five published ports, on a host that has many: beside one on a host that has one. */
import { readFileSync } from "node:fs";
import {
  type Bench,
  type Case,
  compared,
  inTurn,
  medianTime,
  type Row,
  sides,
  type Time,
} from "../harness.ts";
import { Host } from "../host.ts";
import { networks } from "../networks.ts";
import { attach, detach, populate } from "../runtime.ts";

const SIZES = [10, 100, 1000];
const PORTS = 5;

export const crowd: Case = {
  name: "crowd",
  async rows(bench: Bench) {
    const small = new Host(bench.ours);
    const crowded = (bench.quick ? [bench.ours] : sides(bench)).map((side) => new Host(side));
    const rows: Row[] = [];
    let inhabitants = 1;
    for (const host of [small, ...crowded]) await populate(host, host.network(networks.published), 1, PORTS);
    for (const size of SIZES.filter((size) => size <= 100 || !bench.quick)) {
      const measured = crowded.filter(({ side }) => size <= side.largestCrowd);
      for (const host of measured)
        await populate(host, host.network(networks.published), size - 1 - inhabitants, PORTS);
      inhabitants = size - 1;
      await quiet();
      const [few, many, go] = await inTurn([small, ...measured], bench.rounds, oneMore, medianTime);
      if (few && many) rows.push(row("ADD", size, few, many, go), row("DEL", size, few, many, go));
    }
    return rows;
  },
};

type Times = Readonly<Record<"ADD" | "DEL", Time>>;

function row(command: "ADD" | "DEL", size: number, few: Times, many: Times, go: Times | undefined): Row {
  return {
    what: `container ${size}, five published ports each: ${command}`,
    ...compared(many[command], few[command], "container 2"),
    ...(command === "ADD" && size === SIZES.at(-1) && { target: 1.3 }),
    ...(go && { note: `Go: ${go[command].elapsed.toFixed(0)} ms` }),
  };
}

async function oneMore(host: Host): Promise<Times> {
  const attachment = {
    host,
    network: host.network(networks.published),
    container: host.container(PORTS),
  };
  const { result, time } = await attach(attachment);
  return { ADD: time, DEL: await detach(attachment, result) };
}

/**
 * Waits until the kernel has told all containers of all others. What each announces when it arrives goes to every
 * port of the bridge, so that hundreds that arrive within seconds, as they never do, keep it busy for some more.
 */
async function quiet(): Promise<void> {
  const deadline = performance.now() + 30_000;
  let calm = 0;
  while (calm < 3 && performance.now() < deadline) {
    const before = processorTime();
    await Bun.sleep(1000);
    const after = processorTime();
    calm = (after.idle - before.idle) / (after.all - before.all) > 0.9 ? calm + 1 : 0;
  }
}

/** Ticks that the processors were idle, and all their ticks (proc_stat(5)). */
function processorTime() {
  const ticks = readFileSync("/proc/stat", "utf8").split("\n")[0]!.split(/ +/).slice(1, 9).map(Number);
  return { idle: ticks[3]!, all: ticks.reduce((sum, each) => sum + each, 0) };
}
