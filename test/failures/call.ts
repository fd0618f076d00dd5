/** Calls of the compiled plugins on a host, as a runtime makes them, under conditions that go wrong. */
import { inside, type Namespace } from "../../netlink/socket/namespace.ts";
import {
  type Command,
  type Ending,
  errorOf,
  type PluginConfig,
  type PrintedError,
  type PrintedResult,
} from "../plugins/call.ts";
import type { Host } from "../plugins/host.ts";

export type { Command, Ending, PluginConfig, PrintedError, PrintedResult };
export { errorOf };

/** One call; what is left out is as a runtime would have it. */
export interface Call {
  /** An object, or text that goes to standard input as it is. */
  readonly config: PluginConfig | string;
  /** The container's namespace, or any text as CNI_NETNS. */
  readonly netns?: Namespace | string;
  /** CNI_CONTAINERID */
  readonly id?: string;
  /** Variables besides, or in place of, those of the protocol; `undefined` takes one away. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** A program, with its arguments, that starts the plugin. */
  readonly through?: readonly string[];
}

/** A call about a container that exists, with a configuration that is one. */
export interface ContainerCall extends Call {
  readonly config: PluginConfig;
  readonly netns: Namespace;
}

/** The environment of a call. */
export function variablesOf(host: Host, command: Command, { netns = "", id = "web", variables }: Call) {
  const all: Record<string, string | undefined> = {
    PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    CNI_COMMAND: command,
    CNI_CONTAINERID: id,
    CNI_NETNS: typeof netns === "string" ? netns : netns.path,
    CNI_IFNAME: "eth0",
    CNI_PATH: host.plugins,
    ...variables,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >;
}

/** Makes a call, perhaps with others beside it. */
export async function call(host: Host, command: Command, made: Call): Promise<Ending> {
  const { config, through = [] } = made;
  const [plugin, stdin] =
    typeof config === "string" ? ["flatnet", config] : [config.type, JSON.stringify(config)];
  const child = inside(host.namespace, () =>
    Bun.spawn([...through, `${host.plugins}/${plugin}`], {
      env: variablesOf(host, command, made),
      stdin: new TextEncoder().encode(stdin),
      stdout: "pipe",
      stderr: "pipe",
    }),
  );
  const [stdout, stderr, exit] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { exit, stdout, stderr };
}

/** Makes a call that must succeed. @returns what an ADD printed */
export async function succeed(host: Host, command: Command, made: Call): Promise<PrintedResult | undefined> {
  const { exit, stdout, stderr } = await call(host, command, made);
  if (exit !== 0) throw new Error(`${command} ended with ${exit}: ${stdout}${stderr}`);
  return command === "ADD" ? (JSON.parse(stdout) as PrintedResult) : undefined;
}

/** Makes a call that must fail. @returns the error object that it printed */
export const refused = async (host: Host, command: Command, made: Call): Promise<PrintedError> =>
  errorOf(await call(host, command, made));

/** What `make` gives for each item, for so many items at a time: as many as the machine has processors, twice. */
export async function forEach<Item>(
  items: readonly Item[],
  make: (item: Item) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await make(item);
  };
  await Promise.all(Array.from({ length: 2 * navigator.hardwareConcurrency }, worker));
}
