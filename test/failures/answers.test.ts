/** The kernel's answers are lost, cut off, late, doubled or interrupted, one at a time: ADD and DEL get through, or leave nothing. */
import { expect } from "bun:test";
import { type FaultPlan, faulty } from "../../netlink/socket/fault.ts";
import { needs } from "../needs.ts";
import { Host } from "../plugins/host.ts";
import { type Ending, errorOf, type PluginConfig } from "./call.ts";
import { type Between, callHere, type SocketName } from "./here.ts";
import { bridge, flatnet } from "./networks.ts";
import { traces, wholeState } from "./traces.ts";

const live = needs("namespaces", "program:ip", "program:nft");

type Fault = (FaultPlan["receive"] & object)[number];

/** What may go wrong with an answer, and whether a call gets through all the same. */
const faults: readonly (readonly [Fault, "gets through" | "may fail"])[] = [
  ["duplicated", "gets through"],
  ["foreign", "gets through"],
  ["late", "gets through"],
  ["interrupted", "gets through"],
  ["truncated", "may fail"],
  ["ENOBUFS", "may fail"],
  ["ETIMEDOUT", "may fail"],
];

/** Counts what is received from each socket. */
function counting(counts: Map<SocketName, number>): Between {
  return (socket, name) => ({
    port: socket.port,
    send: (datagram) => socket.send(datagram),
    receive() {
      counts.set(name, (counts.get(name) ?? 0) + 1);
      return socket.receive();
    },
    close: () => socket.close(),
  });
}

/** Puts a fault on one answer of one socket. */
const failing =
  (at: SocketName, plan: FaultPlan): Between =>
  (socket, name) =>
    name === at ? faulty(socket, plan) : socket;

const untouched: Between = (socket) => socket;

interface Step {
  readonly socket: SocketName;
  readonly nth: number;
}

/** Every answer of a call that goes well. The first of a socket cannot have an earlier one come late. */
function stepsOf(run: (between: Between) => Ending, fault: Fault): Step[] {
  const counts = new Map<SocketName, number>();
  expect(run(counting(counts))).toMatchObject({ exit: 0 });
  const first = fault === "late" ? 2 : 1;
  return [...counts].flatMap(([socket, count]) =>
    Array.from({ length: count - first + 1 }, (_, index) => ({ socket, nth: index + first })),
  );
}

const networks: readonly (readonly [string, (host: Host) => PluginConfig])[] = [
  ["flatnet", flatnet],
  ["bridge", bridge],
];
const cases = networks.flatMap(([name, network]) =>
  faults.map((fault) => [name, ...fault, network] as const),
);

live.describe("one answer of the kernel is", () => {
  live.test.each(cases)(
    "in ADD of %s: %s, and the call %s",
    (_, fault, promise, network) => {
      using first = new Host();
      const steps = stepsOf(
        (between) => callHere(first, "ADD", { config: network(first), netns: first.container() }, between),
        fault,
      );
      expect(steps.length).toBeGreaterThan(15);

      for (const { socket, nth } of steps) {
        using host = new Host();
        const web = { config: network(host), netns: host.container() };
        const before = wholeState(host, web.netns);
        const ending = callHere(host, "ADD", web, failing(socket, { receive: { [nth]: fault } }));
        const at = `${socket} ${nth}`;
        if (promise === "gets through")
          expect([at, ending.exit, ending.stdout]).toEqual([at, 0, ending.stdout]);
        if (ending.exit === 0) {
          const config = { ...web.config, prevResult: JSON.parse(ending.stdout) };
          expect([at, callHere(host, "CHECK", { ...web, config }, untouched)]).toMatchObject([
            at,
            { exit: 0 },
          ]);
          expect(callHere(host, "DEL", web, untouched)).toMatchObject({ exit: 0 });
          expect([at, traces(host, web.netns)]).toEqual([at, []]);
        } else {
          expect(errorOf(ending).msg).not.toContain("internal error");
          expect([at, wholeState(host, web.netns)]).toEqual([at, before]);
        }
      }
    },
    60_000,
  );

  live.test.each(cases)(
    "in DEL of %s: %s, and the call %s",
    (_, fault, promise, network) => {
      using host = new Host();
      const web = { config: network(host), netns: host.container() };
      const del = (between: Between): Ending => {
        expect(callHere(host, "ADD", web, untouched)).toMatchObject({ exit: 0 });
        return callHere(host, "DEL", web, between);
      };
      for (const { socket, nth } of stepsOf(del, fault)) {
        const at = `${socket} ${nth}`;
        const ending = del(failing(socket, { receive: { [nth]: fault } }));
        if (promise === "gets through") expect([at, ending]).toMatchObject([at, { exit: 0 }]);
        if (ending.exit !== 0)
          expect([at, callHere(host, "DEL", web, untouched)]).toMatchObject([at, { exit: 0 }]);
        expect([at, traces(host, web.netns)]).toEqual([at, []]);
      }
    },
    60_000,
  );
});
