/** Each plugin by itself: what one call of it takes, when the plugins before it have done their part. */
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
import { alone, type MakeNetwork } from "../networks.ts";
import { attach, compare, detach } from "../runtime.ts";
import { hasPlugin } from "../sides.ts";

export const aloneCases: readonly Case[] = Object.entries<MakeNetwork>(alone).map(([name, network]) => ({
  name,
  rows: (bench) => rows(bench, name, network),
}));

async function rows(bench: Bench, name: string, network: MakeNetwork): Promise<Row[]> {
  const hosts = sides(bench)
    .filter((side) => hasPlugin(side, name))
    .map((side) => new Host(side));
  const join = (host: Host) => ({ host, network: host.network(network), container: host.container(1) });
  const [ours, go] = await inTurn<Host, string, Time>(
    hosts,
    bench.rounds,
    async (host) => {
      const attachment = join(host);
      const { result, time } = await attach(attachment);
      const CHECK = attachment.network.unchecked ? undefined : await compare(attachment, result);
      return { ADD: time, ...(CHECK && { CHECK }), DEL: await detach(attachment, result) };
    },
    medianTime,
  );
  return Object.entries(ours!).map(([command, time]) => ({
    what: `${name}: ${command}`,
    ...compared(time, go?.[command]),
  }));
}
