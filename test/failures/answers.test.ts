/** The kernel's answers are lost, cut off, late, doubled or interrupted: ADD and DEL get through, or leave nothing. */
import { expect } from "bun:test";
import { type FaultPlan, faulty } from "../../netlink/socket/fault.ts";
import { needs } from "../needs.ts";
import { Host } from "../plugins/host.ts";
import { type ContainerCall, type Ending, errorOf, type PluginConfig } from "./call.ts";
import { type Between, callHere, type SocketName } from "./here.ts";
import { bridge, flatnet } from "./networks.ts";
import { traces, wholeState } from "./traces.ts";

const live = needs("namespaces", "program:ip", "program:nft");

type Fault = (FaultPlan["receive"] & object)[number];
type Network = (host: Host) => PluginConfig;

const untouched: Between = (socket) => socket;

/** Puts faults on the answers of all sockets, or of one. */
const failing =
  (plan: FaultPlan, at?: SocketName): Between =>
  (socket, name) =>
    at === undefined || name === at ? faulty(socket, plan) : socket;

/** What CHECK of an attachment ends with, given what its ADD printed. */
function check(host: Host, made: ContainerCall, { stdout }: Ending, between = untouched): Ending {
  const prevResult: unknown = JSON.parse(stdout);
  const config = { ...made.config, prevResult };
  return callHere(host, "CHECK", { ...made, config }, between);
}

live.test.each([
  ["flatnet", flatnet],
  ["bridge", bridge],
])(
  "before every answer of the kernel comes one from another process: ADD, CHECK and DEL of %s get through",
  (_, network) => {
    using host = new Host();
    const web = { config: network(host), netns: host.container() };
    const receive = Object.fromEntries(
      Array.from({ length: 200 }, (_, index) => [index + 1, "foreign" as const]),
    );
    const between = failing({ receive });
    const added = callHere(host, "ADD", web, between);
    expect(added).toMatchObject({ exit: 0 });
    expect(check(host, web, added, between)).toMatchObject({ exit: 0 });
    expect(callHere(host, "DEL", web, between)).toMatchObject({ exit: 0 });
    expect(traces(host, web.netns)).toEqual([]);
  },
);

/** One answer: of which socket, and the how many-th. */
interface Step {
  readonly socket: SocketName;
  readonly nth: number;
}

/** Every answer of a call that goes well. Before the first of a socket none can come late. */
function stepsOf(fault: Fault, run: (between: Between) => Ending): Step[] {
  const steps: Step[] = [];
  const counting: Between = (socket, name) => {
    let nth = 0;
    return {
      port: socket.port,
      send: (datagram) => socket.send(datagram),
      receive() {
        steps.push({ socket: name, nth: ++nth });
        return socket.receive();
      },
      close: () => socket.close(),
    };
  };
  expect(run(counting)).toMatchObject({ exit: 0 });
  return fault === "late" ? steps.filter(({ nth }) => nth > 1) : steps;
}

/** What must not keep a call from getting through when it happens once. */
const HARMLESS: ReadonlySet<Fault> = new Set<Fault>(["duplicated", "late", "interrupted"]);

const once: readonly (readonly [fault: Fault, name: string, network: Network])[] = [
  ["duplicated", "flatnet", flatnet],
  ["late", "flatnet", flatnet],
  ["interrupted", "flatnet", flatnet],
  ["truncated", "flatnet", flatnet],
  ["ENOBUFS", "flatnet", flatnet],
  ["ETIMEDOUT", "flatnet", flatnet],
  ["truncated", "bridge", bridge],
  ["ENOBUFS", "bridge", bridge],
];

live.describe("one answer of the kernel is", () => {
  live.test.each(once)(
    "%s: ADD of %s gets through, or leaves the host as it was",
    (fault, _, network) => {
      const made = (host: Host) => ({ config: network(host), netns: host.container() });
      using first = new Host();
      const before = wholeState(first);
      const steps = stepsOf(fault, (between) => callHere(first, "ADD", made(first), between));
      expect(steps.length).toBeGreaterThan(15);

      for (const { socket, nth } of steps) {
        using host = new Host();
        const web = made(host);
        const ending = callHere(host, "ADD", web, failing({ receive: { [nth]: fault } }, socket));
        const at = `${socket} ${nth}`;
        if (ending.exit === 0) expect([at, check(host, web, ending)]).toMatchObject([at, { exit: 0 }]);
        else {
          expect([at, HARMLESS.has(fault)]).toEqual([at, false]);
          expect(errorOf(ending).msg).not.toContain("internal error");
          expect([at, wholeState(host, web.netns)]).toEqual([at, before]);
        }
      }
    },
    60_000,
  );

  live.test.each(once)(
    "%s: DEL of %s gets through, or the next one does, and nothing is left",
    (fault, _, network) => {
      using host = new Host();
      const web = { config: network(host), netns: host.container() };
      const del = (between: Between): Ending => {
        expect(callHere(host, "ADD", web, untouched)).toMatchObject({ exit: 0 });
        return callHere(host, "DEL", web, between);
      };
      for (const { socket, nth } of stepsOf(fault, del)) {
        const at = `${socket} ${nth}`;
        const { exit } = del(failing({ receive: { [nth]: fault } }, socket));
        if (HARMLESS.has(fault)) expect([at, exit]).toEqual([at, 0]);
        if (exit !== 0) expect([at, callHere(host, "DEL", web, untouched)]).toMatchObject([at, { exit: 0 }]);
        expect([at, traces(host, web.netns)]).toEqual([at, []]);
      }
    },
    60_000,
  );
});
