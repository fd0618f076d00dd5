/** Killed at any moment: before each system call by which ADD and DEL change something. The next DEL or GC takes all. */
import { expect } from "bun:test";
import type { Namespace } from "../../netlink/socket/namespace.ts";
import { needs } from "../needs.ts";
import { Host } from "../plugins/host.ts";
import { type Command, type ContainerCall, call, forEach, type PluginConfig, succeed } from "./call.ts";
import { bridge, flatnet } from "./networks.ts";
import { killedAt, type Point, pointsOf, pointText } from "./strace.ts";
import { traces } from "./traces.ts";

const live = needs("namespaces", "program:strace", "program:ip", "program:nft");

/** What can change something: requests to the kernel, files, and what is told to the runtime. */
const changing = ["sendto", "write", "link", "unlink", "mkdir", "ftruncate", "flock", "setns"];

/** A host with one container, before the call that will be killed. */
async function scene(host: Host, config: PluginConfig, command: Command) {
  const plain = { config, netns: host.container() };
  const prevResult = command === "DEL" ? await succeed(host, "ADD", plain) : undefined;
  const withResult = { ...plain, config: { ...config, ...(prevResult && { prevResult }) } };
  return { plain, withResult };
}

type Scene = Awaited<ReturnType<typeof scene>>;

/** The ways in which a runtime takes away what a killed call left; the points have one each, in turn. */
const removals: readonly ((host: Host, scene: Scene) => Promise<unknown>)[] = [
  (host, { withResult }) => succeed(host, "DEL", withResult),
  (host, { plain }) => succeed(host, "GC", gone(plain)),
  (host, { plain }) => succeed(host, "DEL", plain),
  (host, { plain }) => succeed(host, "DEL", { ...plain, netns: "" }),
];

/** The call as GC of a runtime that has no attachments left. */
const gone = (made: ContainerCall): ContainerCall => ({
  ...made,
  config: { ...made.config, "cni.dev/valid-attachments": [] },
});

/** What is left at a point, with its name, for a message that says where. */
const left = (point: Point, host: Host, container: Namespace) => ({
  killedBefore: pointText(point),
  left: traces(host, container),
});

live.describe.each([
  ["flatnet", flatnet],
  ["bridge", bridge],
])("%s killed", (_, network) => {
  live.test.each<Command>(["ADD", "DEL"])(
    "in %s, then removed, leaves nothing and can be added again",
    async (command) => {
      using first = new Host();
      const { withResult } = await scene(first, network(first), command);
      const points = await pointsOf(first, command, withResult, changing);
      expect(points.length).toBeGreaterThan(10);

      await forEach([...points.entries()], async ([index, point]) => {
        using host = new Host();
        const made = await scene(host, network(host), command);
        const { exit } = await call(host, command, { ...made.withResult, through: killedAt(point) });
        expect([pointText(point), exit]).toEqual([pointText(point), 137]);
        await removals[index % removals.length]!(host, made);
        expect(left(point, host, made.plain.netns)).toEqual({ killedBefore: pointText(point), left: [] });
        await succeed(host, "ADD", made.plain);
        await succeed(host, "DEL", made.plain);
        expect(left(point, host, made.plain.netns)).toEqual({ killedBefore: pointText(point), left: [] });
      });
    },
    120_000,
  );
});
