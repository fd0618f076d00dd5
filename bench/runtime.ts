/** Calls plugins as a container runtime does: environment, standard input, results handed from one to the next. */
import { noTime, plus, type Time } from "./harness.ts";
import type { Container, Finished, Host } from "./host.ts";
import type { Network, PluginConfig } from "./networks.ts";

/** What ADD printed last, which CHECK and DEL are given. */
export type Result = Readonly<Record<string, unknown>>;

/** A result, and what the network's plugins took for it together. */
export interface Attached {
  readonly result: Result;
  readonly time: Time;
}

/** A network and its container on a host. */
export interface Attachment {
  readonly host: Host;
  readonly network: Network;
  readonly container: Container;
}

type Command = "ADD" | "CHECK" | "DEL";

/**
 * ADD of every plugin of the network in order.
 * @param through a program, with its arguments, that starts each plugin that is measured and watches it
 * @throws Error with the plugin's own message
 */
export async function attach(attachment: Attachment, through: readonly string[] = []): Promise<Attached> {
  const { before = [], plugins } = attachment.network;
  let result: Result | undefined;
  let time = noTime;
  for (const plugin of before) result = resultOf(await call(attachment, plugin, "ADD", result));
  for (const plugin of plugins) {
    const finished = await call(attachment, plugin, "ADD", result, through);
    result = resultOf(finished);
    time = plus(time, finished.time);
  }
  if (result === undefined) throw new Error("the network has no plugins");
  return { result, time };
}

/** CHECK of every plugin in order, with the result of ADD. @throws Error with the plugin's own message */
export async function compare(
  attachment: Attachment,
  result: Result,
  through: readonly string[] = [],
): Promise<Time> {
  let time = noTime;
  for (const plugin of attachment.network.plugins)
    time = plus(time, (await call(attachment, plugin, "CHECK", result, through)).time);
  return time;
}

/**
 * DEL of every plugin in reverse order.
 * @param result of the ADD; undefined when it failed
 * @throws Error with the plugin's own message
 */
export async function detach(
  attachment: Attachment,
  result: Result | undefined,
  through: readonly string[] = [],
): Promise<Time> {
  const { before = [], plugins } = attachment.network;
  let time = noTime;
  for (const plugin of plugins.toReversed())
    time = plus(time, (await call(attachment, plugin, "DEL", result, through)).time);
  for (const plugin of before.toReversed()) await call(attachment, plugin, "DEL", result);
  return time;
}

const resultOf = ({ stdout }: Finished): Result => JSON.parse(stdout);

/** Attaches `count` new containers with `ports` published ports each, a few at a time. They stay. */
export async function populate(host: Host, network: Network, count: number, ports: number): Promise<void> {
  let left = count;
  const hand = async () => {
    while (left-- > 0) await attach({ host, network, container: host.container(ports) });
  };
  await Promise.all(Array.from({ length: 4 }, hand));
}

/** What a plugin reads: its part of the list, and what the runtime adds. */
function configOf(plugin: PluginConfig, { ports }: Container, prevResult: Result | undefined): object {
  const runtimeConfig = plugin.capabilities?.portMappings ? { portMappings: ports } : undefined;
  return { ...plugin, cniVersion: "1.0.0", name: "bench", runtimeConfig, prevResult };
}

async function call(
  { host, container }: Attachment,
  plugin: PluginConfig,
  command: Command,
  prevResult: Result | undefined,
  through: readonly string[] = [],
): Promise<Finished> {
  const environment = {
    CNI_COMMAND: command,
    CNI_CONTAINERID: container.id,
    CNI_NETNS: container.namespace,
    CNI_IFNAME: plugin.type === "loopback" ? "lo" : "eth0",
    CNI_PATH: host.side.directory,
    PATH: process.env.PATH ?? "",
  };
  const finished = await host.run(
    [...through, `${host.side.directory}/${plugin.type}`],
    environment,
    JSON.stringify(configOf(plugin, container, prevResult)),
  );
  if (finished.exitCode === 0) return finished;
  const said = finished.stdout.trim() || finished.stderr.trim();
  throw new Error(`${host.side.name}: ${plugin.type} ${command} ended with ${finished.exitCode}: ${said}`);
}
