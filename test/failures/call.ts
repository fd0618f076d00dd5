/** Calls of the compiled plugins on a host, as a runtime makes them, but under conditions that go wrong. */
import { inside, type Namespace } from "../../netlink/socket/namespace.ts";
import { type Command, type Ending, errorOf, type PluginConfig, type PrintedError } from "../plugins/call.ts";
import type { Host } from "../plugins/host.ts";

export type { Ending, PrintedError };

/** One call; what is left out is as a runtime would have it. */
export interface Call {
  readonly command: Command;
  /** Text goes to standard input as it is. */
  readonly config: PluginConfig | string;
  /** The container's namespace, or any path as CNI_NETNS. */
  readonly netns?: Namespace | string;
  readonly id?: string;
  /** Variables besides, or in place of, those of the protocol; `undefined` takes one away. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** A program, with its arguments, that starts the plugin. */
  readonly through?: readonly string[];
  /** The plugin, where the configuration is text. */
  readonly plugin?: string;
}

function variablesOf(host: Host, { command, netns = "", id = "container1", variables }: Call) {
  const all: Record<string, string | undefined> = {
    PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    CNI_COMMAND: command,
    CNI_CONTAINERID: id,
    CNI_NETNS: typeof netns === "string" ? netns : netns.path,
    CNI_IFNAME: "eth0",
    CNI_PATH: host.plugins,
    ...variables,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Record<string, string>;
}

/** Makes a call, others beside it. */
export async function call(host: Host, call: Call): Promise<Ending> {
  const { config, through = [], plugin = "flatnet" } = call;
  const name = typeof config === "string" ? plugin : config.type;
  const stdin = typeof config === "string" ? config : JSON.stringify(config);
  const child = inside(host.namespace, () =>
    Bun.spawn([...through, `${host.plugins}/${name}`], {
      env: variablesOf(host, call),
      stdin: new TextEncoder().encode(stdin),
      stdout: "pipe",
      stderr: "pipe",
    }),
  );
  const [stdout, stderr, exit] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { exit, stdout, stderr };
}

/** Makes a call that must succeed. @returns what it printed, decoded */
export async function succeed<T>(host: Host, made: Call): Promise<T> {
  const { exit, stdout, stderr } = await call(host, made);
  if (exit !== 0) throw new Error(`${made.command} ended with ${exit}: ${stdout}${stderr}`);
  return (stdout === "" ? undefined : JSON.parse(stdout)) as T;
}

/** Makes a call that must fail. @returns the error object that it printed */
export const refused = async (host: Host, made: Call): Promise<PrintedError> => errorOf(await call(host, made));
