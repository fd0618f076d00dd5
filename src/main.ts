/** The executable: loads the plugin of the name that it was called by, and answers the call. */
import { version } from "../package.json" with { type: "json" };
import { type Host, log } from "./cni/host.ts";
import { introduce } from "./cni/introduce.ts";
import type { Plugin } from "./cni/plugin.ts";
import { processHost } from "./cni/process-host.ts";
import { identityOf, isPluginName, type PluginName, pluginNames } from "./names.ts";

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

/**
 * The name that the program was called by, without its directory. When it was not compiled that is `bun`, and the
 * name is the first argument: `bun run src/main.ts bridge`.
 */
function calledAs(): PluginName {
  const name = process.argv0.slice(process.argv0.lastIndexOf("/") + 1);
  if (isPluginName(name)) return name;
  const argument = process.argv[2] ?? "";
  return isPluginName(argument) ? argument : "flatnet";
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

/** The IPAM plugin that the configuration names, if it is one of ours. */
function ipamNamed(configured: string | undefined, plugin: PluginName): PluginName | undefined {
  const name = configured || defaultIpam[plugin];
  return name !== undefined && isPluginName(name) ? name : undefined;
}

/** What `read` gives; nothing where it throws, which is reported later, where the protocol says so. */
function quietly(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}

/** Loads what the call needs, before it is answered without waiting for anything. */
async function answer(name: PluginName, host: Host, loaded: Map<string, Plugin>): Promise<number> {
  const load = async (each: PluginName): Promise<Plugin> => {
    // Each plugin is given the configurations that its own `configure` made.
    const plugin = (await chunks[each]()).plugin as Plugin;
    loaded.set(each, plugin);
    return plugin;
  };
  const [{ serve }, { delegateNamed }, plugin] = await Promise.all([
    import("./cni/dispatch.ts"),
    import("./cni/delegate.ts"),
    load(name),
  ]);
  const ipam = ipamNamed(delegateNamed(quietly(host.readStdin)), name);
  if (ipam !== undefined && ipam !== name) await load(ipam);
  return serve(plugin, host);
}

/** `--trace` prints the call's netlink messages on stderr. Without it nothing of that is loaded. */
async function traced(host: Host): Promise<Host> {
  if (!process.argv.includes("--trace")) return host;
  const { tracing } = await import("./plan/trace.ts");
  return { ...host, open: tracing((text) => log(host, text)) };
}

/** Answers a call that needs no plugin, in half the time; one that fails is made again, and reported, the long way. */
function introduced(name: PluginName, host: Host): boolean {
  try {
    return introduce(identityOf(name), host);
  } catch {
    return false;
  }
}

async function main(): Promise<number> {
  const name = calledAs();
  const loaded = new Map<string, Plugin>();
  const host = processHost({ version, names: pluginNames }, (each) => loaded.get(each));
  if (introduced(name, host)) return 0;
  return answer(name, await traced({ ...host, readStdin: once(host.readStdin) }), loaded);
}

process.exitCode = await main();
