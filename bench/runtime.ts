/** Calls plugins as a container runtime does: environment, standard input, results handed from one to the next. */
import type { Container, Finished, Host } from "./host.ts";
import type { Network, PluginConfig } from "./sides.ts";

/** What ADD printed last, which DEL is given. */
export type Result = Readonly<Record<string, unknown>>;

/** What an attachment or its removal took: the sum over the network's plugins. */
export interface Attached {
  readonly result: Result;
  readonly milliseconds: number;
}

/**
 * ADD of every plugin of the network in order.
 * @param through a program, with its arguments, that starts each plugin and watches it
 * @throws Error with the plugin's own message
 */
export async function attach(
  host: Host,
  network: Network,
  container: Container,
  through: readonly string[] = [],
): Promise<Attached> {
  let result: Result | undefined;
  let milliseconds = 0;
  for (const plugin of network.plugins) {
    const config = configOf(network, plugin, container, result);
    const finished = await call(host, plugin.type, "ADD", container, config, through);
    result = JSON.parse(finished.stdout);
    milliseconds += finished.milliseconds;
  }
  if (result === undefined) throw new Error(`the network ${network.name} has no plugins`);
  return { result, milliseconds };
}

/**
 * DEL of every plugin in reverse order.
 * @param result of the ADD; undefined when it failed
 * @returns milliseconds
 * @throws Error with the plugin's own message
 */
export async function detach(
  host: Host,
  network: Network,
  container: Container,
  result: Result | undefined,
  through: readonly string[] = [],
): Promise<number> {
  let milliseconds = 0;
  for (const plugin of network.plugins.toReversed()) {
    const config = configOf(network, plugin, container, result);
    milliseconds += (await call(host, plugin.type, "DEL", container, config, through)).milliseconds;
  }
  return milliseconds;
}

/** Attaches `count` new containers with `ports` published ports each, a few at a time. They stay. */
export async function populate(host: Host, network: Network, count: number, ports: number): Promise<void> {
  let left = count;
  const hand = async () => {
    while (left-- > 0) await attach(host, network, host.container(ports));
  };
  await Promise.all(Array.from({ length: 4 }, hand));
}

/** What a plugin reads: its part of the list, and what the runtime adds. */
function configOf(
  network: Network,
  plugin: PluginConfig,
  { ports }: Container,
  prevResult: Result | undefined,
): object {
  const runtimeConfig = plugin.capabilities?.portMappings ? { portMappings: ports } : undefined;
  return { ...plugin, cniVersion: "1.0.0", name: network.name, runtimeConfig, prevResult };
}

async function call(
  host: Host,
  type: string,
  command: "ADD" | "DEL",
  container: Container,
  config: object,
  through: readonly string[],
): Promise<Finished> {
  const environment = {
    CNI_COMMAND: command,
    CNI_CONTAINERID: container.id,
    CNI_NETNS: container.namespace,
    CNI_IFNAME: "eth0",
    CNI_PATH: host.side.directory,
    PATH: process.env.PATH ?? "",
  };
  const finished = await host.run(
    [...through, `${host.side.directory}/${type}`],
    environment,
    JSON.stringify(config),
  );
  if (finished.exitCode === 0) return finished;
  const said = finished.stdout.trim() || finished.stderr.trim();
  throw new Error(`${host.side.name}: ${type} ${command} ended with ${finished.exitCode}: ${said}`);
}
