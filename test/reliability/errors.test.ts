/** Every system call of ADD, DEL and GC fails once: the call says so and leaves nothing, or has done its work all the same. */
import { expect } from "bun:test";
import {
  type Call,
  type Command,
  call,
  type Ending,
  forEach,
  type PrintedError,
  succeed,
} from "../failures/call.ts";
import { flatnet } from "../failures/networks.ts";
import { failingAt, type Point, pointsOf, pointText } from "../failures/strace.ts";
import { traces, wholeState } from "../failures/traces.ts";
import { needs } from "../needs.ts";
import { Host } from "../plugins/host.ts";
import { tried } from "./full.ts";
import { eachList, type List } from "./lists.ts";
import { type Container, checkOf, delAll, type Scene, scene } from "./runtime.ts";

/** System calls, each with an error that it may have. `setns` is left out: see the test at the end. */
const errors: Readonly<Record<string, string>> = {
  socket: "EMFILE",
  bind: "ENOMEM",
  getsockname: "ENOBUFS",
  setsockopt: "ENOMEM",
  sendto: "ENOBUFS",
  recvfrom: "ENOBUFS",
  openat: "EMFILE",
  write: "EIO",
  link: "ENOSPC",
  unlink: "EIO",
  rename: "ENOSPC",
  mkdir: "ENOSPC",
  ftruncate: "EIO",
  flock: "ENOLCK",
  ioctl: "EIO",
  getdents64: "EIO",
  io_uring_setup: "EPERM",
  io_uring_register: "EINVAL",
};

const names = Object.keys(errors);

/** The code of an error of standard output. */
const IO_FAILURE = 5;

/** A call that meets the error at a point. @returns nothing when it did not come to it */
async function failing(host: Host, command: Command, made: Call, point: Point): Promise<Ending | undefined> {
  const ending = await call(host, command, { ...made, through: failingAt(point, errors[point.syscall]!) });
  return ending.stderr.includes("(INJECTED)") ? ending : undefined;
}

/** The error object of a call that failed, which must have words and be no defect. */
function errorAt(point: Point, { stdout, stderr }: Ending): PrintedError {
  if (stdout === "") throw new Error(`nothing on stdout at ${pointText(point)}, but on stderr: ${stderr}`);
  const error = JSON.parse(stdout) as PrintedError;
  expect(error).toEqual(
    expect.objectContaining({ code: expect.any(Number), msg: expect.stringMatching(/\w/) }),
  );
  expect(error.msg).not.toContain("internal error");
  return error;
}

/** The container as far as the plugins before the one under stress know it. */
const before = ({ container }: Scene): Container => ({
  ...container,
  plugins: container.plugins.slice(0, -1),
});

async function pointsIn(list: List, command: Command): Promise<Point[]> {
  using host = new Host();
  return tried(await pointsOf(host, command, (await scene(host, list, command)).call, names));
}

const tools = ["program:strace", "program:ip", "program:nft"] as const;

eachList(tools, (live, list) => {
  live.describe(`a system call fails once in ${list.name}`, () => {
    live.test(
      "ADD: it fails with an error object and leaves the host as it was, or has made what CHECK accepts",
      async () => {
        const points = await pointsIn(list, "ADD");
        expect(points.length).toBeGreaterThan(0);
        await forEach(points, async (point) => {
          using host = new Host();
          const made = await scene(host, list, "ADD");
          const { netns } = made.container;
          const found = wholeState(host, netns);
          const ending = await failing(host, "ADD", made.call, point);
          if (ending === undefined) return;
          if (ending.exit === 0) return void (await succeed(host, "CHECK", checkOf(made, ending.stdout)));
          const { code } = errorAt(point, ending);
          // A result that cannot be printed is taken back by a DEL, which leaves what is shared.
          if (code === IO_FAILURE) await delAll(host, before(made), made.result);
          const state = code === IO_FAILURE ? traces(host, netns) : wholeState(host, netns);
          expect({ at: pointText(point), state }).toEqual({
            at: pointText(point),
            state: code === IO_FAILURE ? [] : found,
          });
        });
      },
      300_000,
    );

    live.test.each<Command>(["DEL", "GC"])(
      "%s: it fails with an error object and the next one takes all, or it has taken all",
      async (command) => {
        await forEach(await pointsIn(list, command), async (point) => {
          using host = new Host();
          const made = await scene(host, list, command);
          const ending = await failing(host, command, made.call, point);
          if (ending?.exit === 1) {
            errorAt(point, ending);
            await succeed(host, command, made.call);
          }
          await delAll(host, before(made), made.result);
          // GC knows no path of a namespace: what is in one alone goes with it.
          const left = command === "GC" ? traces(host) : traces(host, made.container.netns);
          expect({ at: pointText(point), left }).toEqual({ at: pointText(point), left: [] });
        });
      },
      300_000,
    );
  });
});

needs("namespaces", ...tools).test(
  "an ADD that cannot come back from the container's namespace ends, and the next DEL takes what it made",
  async () => {
    using host = new Host();
    const web: Call = { config: flatnet(host), netns: host.container() };
    const points = await pointsOf(host, "ADD", web, ["setns"]);
    await succeed(host, "DEL", web);
    const back = points[1]!;
    const { exit, stderr } = await call(host, "ADD", { ...web, through: failingAt(back, "EPERM") });
    expect(exit).toBe(1);
    expect(stderr).toContain("cannot come back from another network namespace");
    await succeed(host, "DEL", web);
    expect(traces(host)).toEqual([]);
  },
);
