/** Fifty containers join at once, each with a published port, and then leave at once. */
import { type Bench, type Case, inTurn, milliseconds, sides } from "../harness.ts";
import { Host } from "../host.ts";
import { attach, detach, type Result } from "../runtime.ts";
import type { Side } from "../sides.ts";

const COUNT = 50;

export const fifty: Case = {
  name: "fifty",
  async rows(bench: Bench) {
    const failures = new Map<Side, string[]>(sides(bench).map((side) => [side, []]));
    const hosts = sides(bench).map((side) => new Host(side));
    const [ours, go] = await inTurn(hosts, bench.quick ? 1 : 3, async (host) => {
      const round = await together(host);
      failures.get(host.side)?.push(...round.failures);
      return { ADD: round.ADD, DEL: round.DEL };
    });
    // A call that fails is soon done: such times are not shown.
    const unharmed = (side: Side | undefined) => side !== undefined && failures.get(side)?.length === 0;
    return (["ADD", "DEL"] as const).map((command) => ({
      what: `${COUNT} at once, one published port each: ${command}`,
      ...(ours && unharmed(bench.ours) && { ours: milliseconds(ours[command]) }),
      ...(go && unharmed(bench.go) && { against: { ...milliseconds(go[command]), name: "Go" }, target: 0.3 }),
      note: [...failures].map(([side, list]) => summary(side.name, list)).join("; "),
    }));
  },
};

/** One round: the time until the last of them is there, then until the last is gone, and what went wrong. */
async function together(host: Host) {
  const network = host.network("published");
  const containers = Array.from({ length: COUNT }, () => host.container(1));

  const begin = performance.now();
  const attached = await Promise.allSettled(containers.map((container) => attach(host, network, container)));
  const ADD = performance.now() - begin;
  const results = attached.map((outcome) =>
    outcome.status === "fulfilled" ? outcome.value.result : undefined,
  );

  const beginning = performance.now();
  const detached = await Promise.allSettled(
    containers.map((container, index) => detach(host, network, container, results[index])),
  );
  const DEL = performance.now() - beginning;

  const failures = [...attached, ...detached].flatMap((outcome) =>
    outcome.status === "rejected" ? [String(outcome.reason)] : [],
  );
  return { ADD, DEL, failures: [...failures, ...duplicates(results)] };
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
