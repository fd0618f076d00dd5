/** The kernel's answers are lost, cut off, late, doubled or interrupted: ADD and DEL get through, or leave nothing. */
import { expect } from "bun:test";
import { type FaultPlan, faulty } from "../../netlink/socket/fault.ts";
import { type Ending, errorOf } from "../failures/call.ts";
import { type Between, callHere, type SocketName } from "../failures/here.ts";
import { traces, wholeState } from "../failures/traces.ts";
import { Host } from "../plugins/host.ts";
import { tried } from "./full.ts";
import { eachList } from "./lists.ts";
import { addAll, checkOf, delAll, scene, withResult } from "./runtime.ts";

type Fault = (FaultPlan["receive"] & object)[number];

const untouched: Between = (socket) => socket;

/** Puts faults on the answers of all sockets, or of one. */
const failing =
  (plan: FaultPlan, at?: SocketName): Between =>
  (socket, name) =>
    at === undefined || name === at ? faulty(socket, plan) : socket;

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

const faults: readonly Fault[] = [...HARMLESS, "truncated", "ENOBUFS", "ETIMEDOUT"];

const textOf = ({ socket, nth }: Step): string => `${socket} ${nth}`;

eachList(["program:ip", "program:nft"], (live, list) => {
  live.test(
    `answers for others come before the kernel's: ADD, CHECK and DEL of ${list.name} get through`,
    async () => {
      using host = new Host();
      const made = await scene(host, list, "ADD");
      const receive = Object.fromEntries(
        Array.from({ length: 200 }, (_, index) => [index + 1, "foreign" as const]),
      );
      const between = failing({ receive });
      const added = callHere(host, "ADD", made.call, between);
      expect(added).toMatchObject({ exit: 0 });
      expect(callHere(host, "CHECK", checkOf(made, added.stdout), between)).toMatchObject({ exit: 0 });
      expect(callHere(host, "DEL", made.call, between)).toMatchObject({ exit: 0 });
      await delAll(host, made.container);
      expect(traces(host, made.container.netns)).toEqual([]);
    },
  );

  live.describe("one answer of the kernel is", () => {
    live.test.each([...faults])(
      `%s: ADD of ${list.name} gets through, or leaves the host as it was`,
      async (fault) => {
        using first = new Host();
        const { call } = await scene(first, list, "ADD");
        const steps = stepsOf(fault, (between) => callHere(first, "ADD", call, between));

        for (const step of tried(steps)) {
          using host = new Host();
          const made = await scene(host, list, "ADD");
          const { netns } = made.container;
          const before = wholeState(host, netns);
          const between = failing({ receive: { [step.nth]: fault } }, step.socket);
          const ending = callHere(host, "ADD", made.call, between);
          const at = textOf(step);
          if (ending.exit === 0) {
            const checked = callHere(host, "CHECK", checkOf(made, ending.stdout), untouched);
            expect([at, checked]).toMatchObject([at, { exit: 0 }]);
          } else {
            const { msg } = errorOf(ending);
            expect([at, HARMLESS.has(fault) ? msg : "may fail"]).toEqual([at, "may fail"]);
            expect(msg).not.toContain("internal error");
            expect([at, wholeState(host, netns)]).toEqual([at, before]);
          }
        }
      },
      300_000,
    );

    live.test.each([...faults])(
      `%s: DEL of ${list.name} gets through, or the next one does, and nothing is left`,
      async (fault) => {
        using host = new Host();
        const { container, call, result } = await scene(host, list, "DEL");
        const steps = stepsOf(fault, (between) => callHere(host, "DEL", call, between));
        await delAll(host, container, result);
        for (const step of tried(steps)) {
          const result = await addAll(host, container);
          const removing = { ...call, config: withResult(container.plugins.at(-1)!, result) };
          const at = textOf(step);
          const between = failing({ receive: { [step.nth]: fault } }, step.socket);
          const { exit } = callHere(host, "DEL", removing, between);
          if (HARMLESS.has(fault)) expect([at, exit]).toEqual([at, 0]);
          await delAll(host, container, result);
          expect([at, traces(host, container.netns)]).toEqual([at, []]);
        }
      },
      300_000,
    );
  });
});
