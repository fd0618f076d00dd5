/** Many containers join at once, each with a published port, and then leave at once. */
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
import { type NetworkName, networks } from "../networks.ts";
import { attach, detach, type Result } from "../runtime.ts";
import type { Side } from "../sides.ts";

interface Crowd {
  readonly network: NetworkName;
  readonly count: number;
  readonly what: string;
  readonly targets: { readonly ADD?: number; readonly DEL?: number };
}

const rowsOf = (crowd: Crowd) => (bench: Bench) => rows(bench, crowd);

export const fifty: Case = {
  name: "fifty",
  rows: rowsOf({
    network: "published",
    count: 50,
    what: "one published port each",
    targets: { ADD: 0.3, DEL: 0.3 },
  }),
};

export const hundred: Case = {
  name: "hundred",
  rows: rowsOf({
    network: "published",
    count: 100,
    what: "one published port each",
    targets: { DEL: 0.2 },
  }),
};

export const hundredChained: Case = {
  name: "hundred-chained",
  rows: rowsOf({ network: "chain", count: 100, what: "a chain of four plugins each", targets: {} }),
};

async function rows(bench: Bench, crowd: Crowd): Promise<Row[]> {
  const failures = new Map<Side, string[]>(sides(bench).map((side) => [side, []]));
  const hosts = sides(bench).map((side) => new Host(side));
  const [ours, go] = await inTurn(
    hosts,
    bench.quick ? 1 : 3,
    async (host) => {
      const round = await together(host, crowd);
      failures.get(host.side)?.push(...round.failures);
      return { ADD: round.ADD, DEL: round.DEL };
    },
    medianTime,
  );
  // A call that fails is soon done: such times are not shown.
  const unharmed = (side: Side | undefined) => side !== undefined && failures.get(side)?.length === 0;
  return (["ADD", "DEL"] as const).map((command) => ({
    what: `${crowd.count} at once, ${crowd.what}: ${command}`,
    ...(ours &&
      unharmed(bench.ours) &&
      compared(ours[command], unharmed(bench.go) ? go?.[command] : undefined)),
    ...(go && crowd.targets[command] !== undefined && { target: crowd.targets[command] }),
    note: [...failures].map(([side, list]) => summary(side.name, list)).join("; "),
  }));
}

/** One round: the time until the last of them is there, then until the last is gone, and what went wrong. */
async function together(host: Host, { network, count }: Crowd) {
  const attachments = Array.from({ length: count }, () => ({
    host,
    network: host.network(networks[network]),
    container: host.container(1),
  }));
  const attached = await timed(
    attachments.map((attachment) => attach(attachment)),
    ({ time }) => time,
  );
  const results = attached.outcomes.map((outcome) =>
    outcome.status === "fulfilled" ? outcome.value.result : undefined,
  );
  const detached = await timed(
    attachments.map((attachment, index) => detach(attachment, results[index])),
    (time) => time,
  );
  const failures = [...attached.outcomes, ...detached.outcomes].flatMap((outcome) =>
    outcome.status === "rejected" ? [String(outcome.reason)] : [],
  );
  return { ADD: attached.time, DEL: detached.time, failures: [...failures, ...duplicates(results)] };
}

/** What calls that run at once take: until the last has ended, and on the processors together. */
async function timed<Value>(calls: readonly Promise<Value>[], timeOf: (value: Value) => Time) {
  const begin = performance.now();
  const outcomes = await Promise.allSettled(calls);
  const elapsed = performance.now() - begin;
  const all = outcomes.map((outcome) =>
    outcome.status === "fulfilled" ? timeOf(outcome.value).processor : 0,
  );
  return { outcomes, time: { elapsed, processor: all.reduce((sum, each) => sum + each, 0) } };
}

/** Addresses that more than one result names. */
function duplicates(results: readonly (Result | undefined)[]): string[] {
  const addresses = results
    .flatMap((result) => (result?.ips ?? []) as { address: string }[])
    .map((ip) => ip.address);
  const twice = addresses.filter((address, index) => addresses.indexOf(address) !== index);
  return twice.map((address) => `${address} was given out twice`);
}

function summary(side: string, failures: readonly string[]): string {
  return failures.length === 0
    ? `${side}: no failure`
    : `${side}: ${failures.length} failures, the first: ${failures[0]}`;
}
