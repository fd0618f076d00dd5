/** Killed at any moment: before each system call by which ADD and DEL change something. The next DEL or GC takes all. */
import { expect } from "bun:test";
import { type Command, call, forEach } from "../failures/call.ts";
import { killedAt, type Point, pointsOf, pointText } from "../failures/strace.ts";
import { traces } from "../failures/traces.ts";
import { Host } from "../plugins/host.ts";
import { tried } from "./full.ts";
import { eachList, type List } from "./lists.ts";
import { addAll, type Container, collectAll, delAll, type Scene, scene } from "./runtime.ts";

/** What can change something: requests to the kernel, files, and what is told to the runtime. */
const changing = [
  "sendto",
  "write",
  "link",
  "unlink",
  "rename",
  "mkdir",
  "ftruncate",
  "flock",
  "setns",
  "ioctl",
];

/**
 * The ways in which a runtime takes away what a killed call left; the points have one each, in turn. Each gives the
 * container's namespace when it is there after it.
 */
const removals: readonly ((host: Host, scene: Scene) => Promise<Container["netns"] | undefined>)[] = [
  async (host, { container, result }) => {
    await delAll(host, container, result);
    return container.netns;
  },
  async (host, { container: { plugins, netns } }) => {
    host.end(netns);
    await collectAll(host, plugins);
    return undefined;
  },
  async (host, { container }) => {
    await delAll(host, container);
    await delAll(host, container);
    return container.netns;
  },
  async (host, { container: { plugins, netns } }) => {
    host.end(netns);
    await delAll(host, { plugins, netns: "" });
    return undefined;
  },
];

async function pointsIn(list: List, command: Command): Promise<Point[]> {
  using host = new Host();
  return tried(await pointsOf(host, command, (await scene(host, list, command)).call, changing));
}

/** What is left when a call was killed at a point and then taken away, and when the container was added once more. */
async function leftAfter(list: List, command: Command, point: Point, nth: number) {
  using host = new Host();
  const made = await scene(host, list, command);
  const { exit } = await call(host, command, { ...made.call, through: killedAt(point) });
  const netns = await removals[nth % removals.length]!(host, made);
  const afterRemoval = traces(host, ...(netns ? [netns] : []));
  // What is no hardware ends with a namespace.
  list.prepare?.(host);
  const again = { ...made.container, netns: netns ?? host.container() };
  await delAll(host, again, await addAll(host, again));
  return { exit, afterRemoval, afterAnother: traces(host, again.netns) };
}

eachList(["program:strace", "program:ip", "program:nft"], (live, list) => {
  live.test.each<Command>(["ADD", "DEL"])(
    `${list.name} killed in %s, then removed, leaves nothing and can be added again`,
    async (command) => {
      const points = await pointsIn(list, command);
      expect(points.length).toBeGreaterThan(0);
      await forEach([...points.entries()], async ([nth, point]) => {
        const left = await leftAfter(list, command, point, nth);
        const nothing = { exit: 137, afterRemoval: [], afterAnother: [] };
        expect({ killedBefore: pointText(point), ...left }).toEqual({
          killedBefore: pointText(point),
          ...nothing,
        });
      });
    },
    300_000,
  );
});
