/** Calls plugins as a container runtime does: environment, standard input, results handed from one to the next. */
import type { Container, Host } from "./host.ts";
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
    const finished = await call("ADD", host, network, plugin, container, result, through);
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
  for (const plugin of network.plugins.toReversed())
    milliseconds += (await call("DEL", host, network, plugin, container, result, through)).milliseconds;
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

async function call(
  command: "ADD" | "DEL",
  host: Host,
  network: Network,
  plugin: PluginConfig,
  container: Container,
  prevResult: Result | undefined,
  through: readonly string[],
) {
  const runtimeConfig = plugin.capabilities?.portMappings ? { portMappings: container.ports } : undefined;
  const config = { ...plugin, cniVersion: "1.0.0", name: network.name, runtimeConfig, prevResult };
  const environment = {
    CNI_COMMAND: command,
    CNI_CONTAINERID: container.id,
    CNI_NETNS: container.namespace,
    CNI_IFNAME: "eth0",
    CNI_PATH: host.side.directory,
    PATH: process.env.PATH ?? "",
  };
  const executable = `${host.side.directory}/${plugin.type}`;
  const finished = await host.run([...through, executable], environment, JSON.stringify(config));
  if (finished.exitCode === 0) return finished;
  const said = finished.stdout.trim() || finished.stderr.trim();
  throw new Error(`${host.side.name}: ${plugin.type} ${command} ended with ${finished.exitCode}: ${said}`);
}
