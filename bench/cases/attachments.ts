/** One container after the other joins a network and leaves it, on a host where another one stays. */
import { type Bench, type Case, compared, inTurn, medianTime, type Row, sides } from "../harness.ts";
import { Host } from "../host.ts";
import { type NetworkName, networks } from "../networks.ts";
import { attach, detach } from "../runtime.ts";

interface Comparison {
  readonly name: NetworkName;
  readonly what: string;
  /** Published ports of each container. */
  readonly ports: number;
  readonly targets: { readonly ADD: number; readonly DEL: number };
}

const comparing = (comparison: Comparison): Case => ({
  name: comparison.name,
  rows: (bench) => compare(bench, comparison),
});

export const masqueraded = comparing({
  name: "masqueraded",
  what: "bridge with ipMasq",
  ports: 0,
  targets: { ADD: 0.5, DEL: 0.5 },
});

export const published = comparing({
  name: "published",
  what: "one published port",
  ports: 1,
  targets: { ADD: 0.2, DEL: 0.25 },
});

export const chain = comparing({
  name: "chain",
  what: "bridge, portmap with one port, firewall, tuning",
  ports: 1,
  targets: { ADD: 0.6, DEL: 0.4 },
});

async function compare(bench: Bench, { name, what, ports, targets }: Comparison): Promise<Row[]> {
  const hosts = sides(bench).map((side) => new Host(side));
  const join = (host: Host) => ({
    host,
    network: host.network(networks[name]),
    container: host.container(ports),
  });
  for (const host of hosts) await attach(join(host));
  const [ours, go] = await inTurn(
    hosts,
    bench.rounds,
    async (host) => {
      const attachment = join(host);
      const { result, time } = await attach(attachment);
      return { ADD: time, DEL: await detach(attachment, result) };
    },
    medianTime,
  );
  return (["ADD", "DEL"] as const).map((command) => ({
    what: `${what}: ${command}`,
    ...compared(ours![command], go?.[command]),
    ...(go && { target: targets[command] }),
  }));
}
