/** The executable: loads the plugin of the name that it was called by, and answers the call. */
import { version } from "../package.json" with { type: "json" };
import { delegateNamed } from "./cni/delegate.ts";
import { serve } from "./cni/dispatch.ts";
import type { Plugin } from "./cni/plugin.ts";
import { processHost } from "./cni/process-host.ts";
import { type PluginName, pluginNames } from "./names.ts";

/** A chunk for each plugin: a call reads only those that it needs. */
const chunks: Readonly<Record<PluginName, () => Promise<{ readonly plugin: object }>>> = {
  flatnet: () => import("./plugins/main/flatnet/plugin.ts"),
  bridge: () => import("./plugins/main/bridge/plugin.ts"),
  loopback: () => import("./plugins/main/loopback/plugin.ts"),
  "host-local": () => import("./plugins/ipam/host-local/plugin.ts"),
  "flatnet-ipam": () => import("./plugins/ipam/flatnet-ipam/plugin.ts"),
};

/** IPAM plugins that are asked when the configuration names none. */
const defaultIpam: Readonly<Partial<Record<PluginName, PluginName>>> = { flatnet: "flatnet-ipam" };

const isPlugin = (name: string | undefined): name is PluginName => Object.hasOwn(chunks, name ?? "");

/**
 * The name that the program was called by, without its directory. When it was not compiled that is `bun`, and the
 * name is the first argument: `bun run src/main.ts bridge`.
 */
function calledAs(): string {
  const name = process.argv0.slice(process.argv0.lastIndexOf("/") + 1);
  return isPlugin(name) ? name : (process.argv[2] ?? "flatnet");
}

/** The first call of `read` for all: its text or its error. */
function once(read: () => string): () => string {
  let given: { text: string } | { error: unknown } | undefined;
  return () => {
    try {
      given ??= { text: read() };
    } catch (error) {
      given = { error };
    }
    if ("error" in given) throw given.error;
    return given.text;
  };
}

/** The IPAM plugin that the configuration names, if it is one of ours. An unreadable stdin is reported later. */
function ipamNamed(plugin: PluginName, readStdin: () => string): PluginName | undefined {
  try {
    const name = delegateNamed(readStdin()) || defaultIpam[plugin];
    return isPlugin(name) ? name : undefined;
  } catch {
    return undefined;
  }
}

async function main(): Promise<number> {
  const name = calledAs();
  if (!isPlugin(name)) {
    process.stderr.write(`${name} is no plugin of this program: it has ${pluginNames.join(", ")}\n`);
    return 1;
  }
  const loaded = new Map<string, Plugin>();
  const load = async (each: PluginName): Promise<Plugin> => {
    // Each plugin is given the configurations that its own `configure` made.
    const plugin = (await chunks[each]()).plugin as Plugin;
    loaded.set(each, plugin);
    return plugin;
  };
  const host = processHost({ version, names: pluginNames }, (each) => loaded.get(each));
  const readStdin = once(host.readStdin);
  const command = process.env.CNI_COMMAND;
  const ipam = command && command !== "VERSION" ? ipamNamed(name, readStdin) : undefined;
  const plugin = await load(name);
  if (ipam !== undefined && ipam !== name) await load(ipam);
  return serve(plugin, { ...host, readStdin });
}

process.exitCode = await main();
