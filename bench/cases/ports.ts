/** Ports by the number: a container that publishes many, and one port more on a host that has many. */
import { type Bench, type Case, compared, inTurn, medianTime, type Row, sides } from "../harness.ts";
import { Host } from "../host.ts";
import { networks } from "../networks.ts";
import { attach, detach } from "../runtime.ts";

const NUMBERS = [1, 100, 5000];
/** The Go plugin starts programs for each port, and each reads what all the others left. */
const MOST_OF_GO = 100;

export const ports: Case = {
  name: "ports",
  rows: async (bench) => [...(await ofOne(bench)), ...(await ofOthers(bench))],
};

interface Publishing {
  readonly host: Host;
  readonly number: number;
}

/** One call of portmap and its removal, for a container that publishes so many. */
async function publish({ host, number }: Publishing) {
  const attachment = { host, network: host.network(networks.portmap), container: host.container(number) };
  const { result, time } = await attach(attachment);
  return { ADD: time, DEL: await detach(attachment, result) };
}

/** A container with many ports beside one with a single one. Each round takes ports that were never used. */
async function ofOne(bench: Bench): Promise<Row[]> {
  const cases = sides(bench).flatMap((side) =>
    NUMBERS.filter((number) => side === bench.ours || number <= MOST_OF_GO).map((number) => ({
      host: new Host(side),
      number,
    })),
  );
  const times = await inTurn(cases, Math.min(bench.rounds, 7), publish, medianTime);
  const timesOf = (side: Bench["go"], number: number) =>
    times[cases.findIndex((one) => one.host.side === side && one.number === number)];
  return NUMBERS.flatMap((number) =>
    (["ADD", "DEL"] as const).map((command) => ({
      what: `portmap, ${number} published: ${command}`,
      ...compared(timesOf(bench.ours, number)![command], timesOf(bench.go, number)?.[command]),
    })),
  );
}

/** A container with one port, on hosts where another one has many. */
async function ofOthers(bench: Bench): Promise<Row[]> {
  const hosts = NUMBERS.map(() => new Host(bench.ours));
  for (const [index, host] of hosts.entries())
    await attach({
      host,
      network: host.network(networks.portmap),
      container: host.container(NUMBERS[index]),
    });
  const subjects = hosts.map((host) => ({ host, number: 1 }));
  const [few, ...more] = await inTurn(subjects, bench.rounds, publish, medianTime);
  return more.flatMap((many, index) =>
    (["ADD", "DEL"] as const).map((command) => ({
      what: `portmap, ${NUMBERS[index + 1]} published by others: ${command}`,
      ...compared(many[command], few![command], `${NUMBERS[0]} by others`),
      target: 1.3,
    })),
  );
}
