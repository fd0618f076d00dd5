/** One container after the other joins a network and leaves it, on a host where another one stays. */
import { type Bench, type Case, inTurn, milliseconds, type Row, sides } from "../harness.ts";
import { Host } from "../host.ts";
import { attach, detach } from "../runtime.ts";

export const masqueraded: Case = {
  name: "masqueraded",
  rows: (bench) => compare(bench, "masqueraded", 0, { ADD: 0.5, DEL: 0.5 }, "bridge with ipMasq"),
};

export const published: Case = {
  name: "published",
  rows: (bench) => compare(bench, "published", 1, { ADD: 0.2, DEL: 0.25 }, "one published port"),
};

async function compare(
  bench: Bench,
  kind: "masqueraded" | "published",
  ports: number,
  targets: { readonly ADD: number; readonly DEL: number },
  what: string,
): Promise<Row[]> {
  const hosts = sides(bench).map((side) => new Host(side));
  for (const host of hosts) await attach(host, host.network(kind), host.container(ports));
  const [ours, go] = await inTurn(hosts, bench.rounds, async (host) => {
    const container = host.container(ports);
    const { result, milliseconds } = await attach(host, host.network(kind), container);
    return { ADD: milliseconds, DEL: await detach(host, host.network(kind), container, result) };
  });
  return (["ADD", "DEL"] as const).map((command) => ({
    what: `${what}: ${command}`,
    ours: milliseconds(ours![command]),
    ...(go && { against: { ...milliseconds(go[command]), name: "Go" }, target: targets[command] }),
  }));
}
