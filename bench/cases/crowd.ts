/** One more container with five published ports, on a host that has more and more of them. */
import { type Bench, type Case, inTurn, milliseconds, type Row, sides } from "../harness.ts";
import { Host } from "../host.ts";
import { attach, detach, populate } from "../runtime.ts";

const SIZES = [1, 10, 100, 1000];
const PORTS = 5;

export const crowd: Case = {
  name: "crowd",
  async rows(bench: Bench) {
    const hosts = (bench.quick ? [bench.ours] : sides(bench)).map((side) => new Host(side));
    for (const host of hosts) await oneMore(host);
    const rows: Row[] = [];
    for (const [index, size] of SIZES.entries()) {
      const here = hosts.filter((host) => size <= host.side.largestCrowd);
      for (const host of here)
        await populate(host, host.network("published"), size - (SIZES[index - 1] ?? 1), PORTS);
      const [ours, go] = await inTurn(here, bench.rounds, oneMore);
      if (ours !== undefined) rows.push(...rowsOf(size, ours, go, rows));
    }
    return rows;
  },
};

type Times = Awaited<ReturnType<typeof oneMore>>;

function rowsOf(
  size: number,
  ours: Times,
  go: Times | undefined,
  [firstAdd, firstDel]: readonly Row[],
): Row[] {
  const row = (command: "ADD" | "DEL", first: Row | undefined): Row => ({
    what: `container ${size}, five published ports each: ${command}`,
    ours: milliseconds(ours[command]),
    ...(first?.ours && { against: { ...first.ours, name: "the first" } }),
    ...(go && { note: `Go: ${go[command].toFixed(0)} ms` }),
  });
  const last = size === SIZES.at(-1);
  return [{ ...row("ADD", firstAdd), ...(last && { target: 1.3 }) }, row("DEL", firstDel)];
}

async function oneMore(host: Host) {
  const container = host.container(PORTS);
  const network = host.network("published");
  const { result, milliseconds } = await attach(host, network, container);
  return { ADD: milliseconds, DEL: await detach(host, network, container, result) };
}
