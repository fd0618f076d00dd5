/** `bandwidth` killed, or refused by the kernel, at any request: a later ADD makes all, the next DEL or GC takes all. */
import { expect } from "bun:test";
import {
  type Command,
  type ContainerCall,
  call,
  forEach,
  type PluginConfig,
  succeed,
} from "../../failures/call.ts";
import { failingAt, killedAt, type Point, pointsOf, pointText } from "../../failures/strace.ts";
import { needs } from "../../needs.ts";
import { Host } from "../host.ts";
import { both, devices, limited, shaped } from "./configuration.ts";

const live = needs("namespaces", "program:strace", "program:tc", "qdisc:tbf", "qdisc:ingress", "link:ifb");

/** A container that a bridge has attached, and the call of `bandwidth` for it. */
async function attached(host: Host, layout: string): Promise<ContainerCall> {
  const { name, cniVersion } = limited({});
  const netns = host.container();
  const bridge = { type: "bridge", name, cniVersion };
  const prevResult = await succeed(host, "ADD", { netns, config: bridge });
  return { netns, config: { type: "bandwidth", name, cniVersion, ...both, layout, prevResult } };
}

const without = ({ prevResult: _, ...config }: PluginConfig): PluginConfig => config;

/** The ways in which a runtime takes away what a killed call left; the points have one each, in turn. */
const removals: readonly ((host: Host, made: ContainerCall) => Promise<unknown>)[] = [
  (host, made) => succeed(host, "DEL", made),
  (host, made) =>
    succeed(host, "GC", { config: { ...without(made.config), "cni.dev/valid-attachments": [] } }),
  (host, { config }) => succeed(host, "DEL", { config: without(config) }),
];

const made = (layout: string): number => (layout === "direct" ? 1 : 3);

live.describe.each(["classic", "direct"])("in the layout %s", (layout) => {
  const everyPoint = async (
    command: Command,
    act: (host: Host, made: ContainerCall, point: Point, index: number) => Promise<void>,
  ): Promise<void> => {
    using first = new Host();
    const whole = await attached(first, layout);
    if (command === "DEL") await succeed(first, "ADD", whole);
    const points = await pointsOf(first, command, whole, ["sendto"]);
    expect(points.length).toBeGreaterThan(0);
    await forEach([...points.entries()], async ([index, point]) => {
      using host = new Host();
      await act(host, await attached(host, layout), point, index);
    });
  };

  live.test(
    "an ADD that was killed is made by the next",
    () =>
      everyPoint("ADD", async (host, container, point) => {
        const { exit } = await call(host, "ADD", { ...container, through: killedAt(point) });
        expect([pointText(point), exit]).toEqual([pointText(point), 137]);
        await succeed(host, "ADD", container);
        await succeed(host, "CHECK", container);
        expect(shaped(host.namespace)).toHaveLength(made(layout));
      }),
    60_000,
  );

  live.test(
    "what a killed ADD left is removed",
    () =>
      everyPoint("ADD", async (host, container, point, index) => {
        await call(host, "ADD", { ...container, through: killedAt(point) });
        await removals[index % removals.length]!(host, container);
        expect([pointText(point), devices(host.namespace)]).toEqual([pointText(point), []]);
      }),
    60_000,
  );

  live.test(
    "what a killed DEL left is removed",
    () =>
      everyPoint("DEL", async (host, container, point, index) => {
        await succeed(host, "ADD", container);
        await call(host, "DEL", { ...container, through: killedAt(point) });
        await removals[index % removals.length]!(host, container);
        expect([pointText(point), devices(host.namespace)]).toEqual([pointText(point), []]);
      }),
    60_000,
  );

  live.test(
    "an ADD that the kernel refuses leaves nothing",
    () =>
      everyPoint("ADD", async (host, container, point) => {
        const { exit } = await call(host, "ADD", { ...container, through: failingAt(point, "EPERM") });
        const left = [...shaped(host.namespace), ...shaped(container.netns), ...devices(host.namespace)];
        expect([pointText(point), exit, left]).toEqual([pointText(point), 1, []]);
      }),
    60_000,
  );
});
