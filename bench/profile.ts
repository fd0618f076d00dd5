/** Where the time of one call goes: `bun run bench/profile.ts [published|tuning|…] [ADD|CHECK|DEL] [--functions]`. */
import { parseArgs } from "node:util";
import { median } from "./harness.ts";
import { Host } from "./host.ts";
import { isNetworkName, networks } from "./networks.ts";
import { steps, timeline, watcher } from "./profile/calls.ts";
import { buildWithNames, functions, sampler } from "./profile/functions.ts";
import { attach, compare, detach, populate } from "./runtime.ts";
import { enterSandbox } from "./sandbox.ts";
import { flatnet } from "./sides.ts";

const ROUNDS = 15;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    functions: { type: "boolean", default: false },
    all: { type: "boolean", default: false },
    containers: { type: "string", default: "1" },
  },
});
const [kind = "published", command = "ADD"] = positionals;
if (!isNetworkName(kind) || !["ADD", "CHECK", "DEL"].includes(command)) {
  console.error(`bun run bench/profile.ts [NETWORK] [ADD|CHECK|DEL]

  NETWORK         only ${Object.keys(networks).join(", ")}; what is called last is shown
  --containers N  on a host that has N containers with a published port already
  --all           every call of the kernel, not only those that take long
  --functions     the time in the program's functions instead`);
  process.exit(1);
}

enterSandbox(import.meta.url);
const host = new Host(options.functions ? { ...flatnet, directory: buildWithNames() } : flatnet);
const network = host.network(networks[kind]);
await populate(host, network, Number(options.containers), 1);

/** One attachment and its removal, of which the profiled command is started by `through`. @returns milliseconds */
async function call(through: readonly string[]): Promise<number> {
  const attachment = { host, network, container: host.container(1) };
  const watching = (one: string) => (command === one ? through : []);
  const added = await attach(attachment, watching("ADD"));
  const compared = command === "CHECK" && (await compare(attachment, added.result, through));
  const removed = await detach(attachment, added.result, watching("DEL"));
  return (compared || (command === "ADD" ? added.time : removed)).elapsed;
}

async function calls(through: readonly string[]): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) times.push(await call(through));
  return median(times);
}

console.log(
  `${kind} ${command}: ${(await calls([])).toFixed(1)} ms, the median of ${ROUNDS}. Watched, in ms:\n`,
);
if (options.functions) {
  await calls(sampler);
  console.log(functions());
} else {
  await call(watcher);
  console.log(timeline(steps(), options.all ? 0 : 0.15));
}
process.exit(0);
