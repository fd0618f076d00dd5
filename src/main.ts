/** The executable: answers the call as the plugin of the name that it was called by. */
import { version } from "../package.json" with { type: "json" };
import { CniError, codes } from "./cni/error.ts";
import { type Host, log } from "./cni/host.ts";
import { introduce } from "./cni/introduce.ts";
import { processHost } from "./cni/process-host.ts";
import { identityOf, isPluginName, type PluginName, pluginNames } from "./names.ts";

/**
 * The name that the program was called by, without its directory. When it was not compiled that is `bun`, and the
 * name is the first argument: `bun run src/main.ts bridge`.
 */
function calledAs(): string {
  const name = process.argv0.slice(process.argv0.lastIndexOf("/") + 1);
  if (name !== "bun") return name;
  return process.argv.slice(2).find((argument) => !argument.startsWith("-")) ?? "flatnet";
}

/** The flags of `dhcp daemon`, or of `flatnet dhcp daemon`; nothing for another call. */
function daemonFlags(name: string): string[] | undefined {
  const words = process.argv.slice(2);
  if (words[0] === "dhcp" && (name === "flatnet" || name === "dhcp")) words.shift();
  else if (name !== "dhcp") return undefined;
  return words[0] === "daemon" ? words.slice(1) : undefined;
}

/** A link under another plugin's name must not act as ours. */
async function refuse(name: string, host: Host): Promise<number> {
  const { reporting } = await import("./plugins.ts");
  return reporting(host, () => {
    throw new CniError({
      code: codes.failed,
      operation: "answer as the plugin",
      subject: JSON.stringify(name),
      cause: "flatnet has no plugin of this name",
      hint: `call it by one of ${pluginNames.join(", ")}`,
    });
  });
}

/** Answers a call that needs no plugin, in half the time; one that fails is made again, and reported, the long way. */
function introduced(name: PluginName, host: Host): boolean {
  try {
    return introduce(identityOf(name), host);
  } catch {
    return false;
  }
}

/** With `--trace` the call's netlink messages are printed on stderr. Without it nothing of that is loaded. */
async function traced(host: Host): Promise<Host> {
  const { tracing } = await import("./plan/trace.ts");
  return { ...host, open: tracing((text) => log(host, text)) };
}

async function main(): Promise<number> {
  const name = calledAs();
  const program = { version, names: pluginNames };
  if (!isPluginName(name)) return refuse(name, processHost(program));
  const flags = daemonFlags(name);
  if (flags !== undefined) return (await import("./dhcp/daemon/daemon.ts")).daemon(flags);
  if (introduced(name, processHost(program))) return 0;
  const { ipamPlugin, loadPlugin, serve } = await import("./plugins.ts");
  const host = processHost(program, ipamPlugin);
  return serve(await loadPlugin(name), process.argv.includes("--trace") ? await traced(host) : host);
}

// Not `process.exitCode`: to come to its end by itself takes the process 0.15 ms more.
process.exit(await main());
