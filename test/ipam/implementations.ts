/** host-local twice, called as a runtime calls it: this project's, and the CNI project's in Go. */
import { serve } from "../../src/cni/dispatch.ts";
import type { Plugin } from "../../src/cni/plugin.ts";
import { plugin } from "../../src/plugins/ipam/host-local/plugin.ts";
import { stage } from "../cni/stage.ts";

/** What a call ended with: the object on stdout, which is a result, an error or absent. */
export interface Ending {
  readonly exit: number;
  readonly said: {
    readonly ips?: { readonly address: string; readonly gateway?: string }[];
    readonly routes?: unknown;
    readonly dns?: unknown;
    readonly code?: number;
    readonly msg?: string;
  };
  readonly stderr: string;
}

/** One call: the command, the configuration, and whose attachment it is about. */
export interface Call {
  readonly command?: string;
  readonly config: object;
  readonly containerId?: string;
  readonly ifname?: string;
  readonly args?: string;
}

const variablesOf = ({ command = "ADD", containerId = "c1", ifname = "eth0", args = "" }: Call) => ({
  CNI_COMMAND: command,
  CNI_CONTAINERID: containerId,
  CNI_IFNAME: ifname,
  CNI_NETNS: "/run/netns/none",
  CNI_PATH: "/opt/cni/bin",
  ...(args ? { CNI_ARGS: args } : {}),
});

const ending = (exit: number, stdout: string, stderr: string): Ending => ({
  exit,
  said: stdout === "" ? {} : JSON.parse(stdout),
  stderr,
});

/** Ours, in this process. */
export function ours(call: Call): Ending {
  const { host, written } = stage(variablesOf(call), call.config);
  // A plugin is only ever given the configurations that its own `configure` made.
  const exit = serve(plugin as unknown as Plugin, host);
  return ending(exit, written.stdout, written.stderr);
}

/** Where Debian's package containernetworking-plugins has it. */
export const goBinary = "/usr/lib/cni/host-local";

/** The Go program, in a process of its own. */
export function go(call: Call): Ending {
  const stdin = new TextEncoder().encode(JSON.stringify(call.config));
  const child = Bun.spawnSync([goBinary], { env: variablesOf(call), stdin, stderr: "pipe" });
  return ending(child.exitCode, child.stdout.toString(), child.stderr.toString());
}

/** A configuration of the network `net`. */
export const network = (ipam: object, more: object = {}) => ({
  cniVersion: "1.0.0",
  name: "net",
  type: "bridge",
  ipam: { type: "host-local", ...ipam },
  ...more,
});

/** The addresses that an ADD gave, with their prefixes. */
export const addresses = ({ said }: Ending): string[] => (said.ips ?? []).map(({ address }) => address);
