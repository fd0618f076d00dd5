/** Every system call of ADD, DEL and GC fails once: the call says so and leaves nothing, or has done its work all the same. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import { Host } from "../plugins/host.ts";
import {
  type Call,
  type Command,
  call,
  type Ending,
  forEach,
  type PluginConfig,
  type PrintedError,
  succeed,
} from "./call.ts";
import { bridge, flatnet } from "./networks.ts";
import { failingAt, type Point, pointsOf, pointText } from "./strace.ts";
import { traces, wholeState } from "./traces.ts";

const live = needs("namespaces", "program:strace", "program:ip", "program:nft");

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
  mkdir: "ENOSPC",
  ftruncate: "EIO",
  flock: "ENOLCK",
  ioctl: "EIO",
  getdents64: "EIO",
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

const networks = [
  ["flatnet", flatnet],
  ["bridge", bridge],
] as const;

live.describe.each([...networks])("a system call fails once in %s", (_, network) => {
  live.test(
    "ADD: it fails with an error object and leaves the host as it was, or has made an attachment that CHECK accepts",
    async () => {
      using first = new Host();
      const points = await pointsOf(
        first,
        "ADD",
        { config: network(first), netns: first.container() },
        names,
      );
      expect(points.length).toBeGreaterThan(80);

      await forEach(points, async (point) => {
        using host = new Host();
        const container = host.container();
        const config: PluginConfig = network(host);
        const before = wholeState(host, container);
        const ending = await failing(host, "ADD", { config, netns: container }, point);
        if (ending?.exit === 0) {
          const prevResult = JSON.parse(ending.stdout);
          await succeed(host, "CHECK", { config: { ...config, prevResult }, netns: container });
        } else if (ending !== undefined) {
          // A result that cannot be printed is taken back by a DEL, which leaves the bridge.
          const state = errorAt(point, ending).code === IO_FAILURE ? traces : wholeState;
          const after = { at: pointText(point), state: state(host, container) };
          expect(after).toEqual({ at: pointText(point), state: state === traces ? [] : before });
        }
      });
    },
    120_000,
  );

  live.test.each<Command>(["DEL", "GC"])(
    "%s: it fails with an error object and the next one takes all, or it has taken all",
    async (command) => {
      /** A host with one attachment, which the command is to take away. */
      const attached = async (host: Host) => {
        const container = host.container();
        const config = network(host);
        const prevResult = await succeed(host, "ADD", { config, netns: container });
        const more = command === "GC" ? { "cni.dev/valid-attachments": [] } : { prevResult };
        return { container, made: { config: { ...config, ...more }, netns: container } };
      };
      using first = new Host();
      const points = await pointsOf(first, command, (await attached(first)).made, names);
      expect(points.length).toBeGreaterThan(30);

      await forEach(points, async (point) => {
        using host = new Host();
        const { container, made } = await attached(host);
        const ending = await failing(host, command, made, point);
        if (ending?.exit === 1) {
          errorAt(point, ending);
          await succeed(host, command, made);
        }
        expect({ at: pointText(point), left: traces(host, container) }).toEqual({
          at: pointText(point),
          left: [],
        });
      });
    },
    120_000,
  );
});

live.test(
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
