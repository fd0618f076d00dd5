/** A runtime in small: it calls the plugins of a list in their order, and hands results on. */
import type { Namespace } from "../../netlink/socket/namespace.ts";
import { type Command, type ContainerCall, succeed } from "../failures/call.ts";
import type { PluginConfig, PrintedResult } from "../plugins/call.ts";
import type { Host } from "../plugins/host.ts";
import type { List } from "./lists.ts";

/** One container in a network of several plugins. */
export interface Container {
  readonly plugins: readonly PluginConfig[];
  readonly netns: Namespace;
}

/** A plugin's configuration with the result that it is given. */
export const withResult = (config: PluginConfig, prevResult: PrintedResult | undefined): PluginConfig =>
  prevResult === undefined ? config : { ...config, prevResult };

/** ADD of the plugins, each given the result of those before. @throws Error when one fails */
export async function addAll(
  host: Host,
  { plugins, netns }: Container,
  before?: PrintedResult,
): Promise<PrintedResult | undefined> {
  let result = before;
  for (const config of plugins)
    result = await succeed(host, "ADD", { config: withResult(config, result), netns });
  return result;
}

/** DEL of the plugins from last to first. @throws Error when one fails */
export async function delAll(
  host: Host,
  { plugins, netns }: { readonly plugins: readonly PluginConfig[]; readonly netns: Namespace | "" },
  result?: PrintedResult,
): Promise<void> {
  for (const config of plugins.toReversed())
    await succeed(host, "DEL", { config: withResult(config, result), netns });
}

/** The configuration as GC of a runtime gives it that has no attachments left. */
const withoutAttachments = (config: PluginConfig): PluginConfig => ({
  ...config,
  "cni.dev/valid-attachments": [],
});

/** GC of the plugins when no attachment is left. @throws Error when one fails */
export async function collectAll(host: Host, plugins: readonly PluginConfig[]): Promise<void> {
  for (const config of plugins) await succeed(host, "GC", { config: withoutAttachments(config) });
}

/** A container before a call of the list's last plugin, which is the one under stress. */
export interface Scene {
  readonly container: Container;
  /** The result that the call is given. */
  readonly result: PrintedResult | undefined;
  readonly call: ContainerCall;
}

/** A host on which all has been done that comes before the call. */
export async function scene(host: Host, list: List, command: Command): Promise<Scene> {
  list.prepare?.(host);
  const plugins = list.plugins(host);
  const container = { plugins, netns: host.container() };
  const earlier = await addAll(host, { ...container, plugins: plugins.slice(0, -1) });
  const own = { ...container, plugins: plugins.slice(-1) };
  const result = command === "ADD" ? earlier : await addAll(host, own, earlier);
  const config = withResult(plugins.at(-1)!, result);
  const call = { config: command === "GC" ? withoutAttachments(config) : config, netns: container.netns };
  return { container, result, call };
}

/** CHECK of the last plugin after an ADD that printed this. */
export const checkOf = ({ call }: Scene, stdout: string): ContainerCall => ({
  ...call,
  config: withResult(call.config, JSON.parse(stdout) as PrintedResult),
});
