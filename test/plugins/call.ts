/** One call of one plugin, and what it ended with. */
import type { Host } from "./host.ts";

/** A plugin's configuration as it stands in a list. */
export interface PluginConfig {
  readonly type: string;
  readonly capabilities?: Readonly<Record<string, boolean>>;
  readonly [key: string]: unknown;
}

/** A network configuration list. */
export interface Configuration {
  readonly cniVersion: string;
  readonly name: string;
  readonly plugins: readonly PluginConfig[];
}

/** What a process ended with. */
export interface Ending {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A result as versions from 0.3.0 on print it. */
export interface PrintedResult {
  readonly cniVersion: string;
  readonly interfaces?: readonly { readonly name: string; readonly mac: string; readonly sandbox?: string }[];
  readonly ips?: readonly {
    readonly address: string;
    readonly gateway?: string;
    readonly interface?: number;
  }[];
  readonly routes?: readonly { readonly dst: string; readonly gw?: string }[];
  readonly dns?: object;
}

/** An error object as plugins print it. */
export interface PrintedError {
  readonly code: number;
  readonly msg: string;
  readonly details?: string;
}

export type Command = "ADD" | "CHECK" | "DEL" | "GC" | "STATUS";

/** What a call is about; GC and STATUS are about no attachment. */
export interface Subject {
  readonly containerId?: string;
  readonly ifname?: string;
  readonly netns?: string;
  readonly args?: string;
}

const variablesOf = ({ containerId, ifname, netns, args }: Subject): Record<string, string> => ({
  ...(containerId !== undefined && { CNI_CONTAINERID: containerId }),
  ...(ifname !== undefined && { CNI_IFNAME: ifname }),
  ...(netns !== undefined && { CNI_NETNS: netns }),
  ...(args !== undefined && { CNI_ARGS: args }),
});

/** Keys in the order in which libcni writes them. */
const sorted = (config: object): object =>
  Object.fromEntries(Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Calls the plugin that `config.type` names, with `config` on its standard input. */
export function callPlugin(
  host: Host,
  command: Command,
  config: PluginConfig,
  subject: Subject = {},
): Ending {
  const variables = { CNI_COMMAND: command, CNI_PATH: host.plugins, ...variablesOf(subject) };
  return host.run([`${host.plugins}/${config.type}`], variables, JSON.stringify(sorted(config)));
}

/** The error object of a call that must have failed. @throws Error when it did not */
export function errorOf({ exit, stdout, stderr }: Ending): PrintedError {
  if (exit !== 1) throw new Error(`the call ended with ${exit} and not with an error: ${stdout}${stderr}`);
  return JSON.parse(stdout) as PrintedError;
}
