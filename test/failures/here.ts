/** Calls in this process, so that a test can stand between a plugin and the kernel. */
import { inside } from "../../netlink/socket/namespace.ts";
import type { Transport } from "../../netlink/socket/transport.ts";
import type { Open } from "../../src/cni/host.ts";
import type { Plugin } from "../../src/cni/plugin.ts";
import { processHost } from "../../src/cni/process-host.ts";
import { pluginNames } from "../../src/names.ts";
import { openTransport } from "../../src/plan/side.ts";
import { ipamPlugin, loadPlugin, serve } from "../../src/plugins.ts";
import type { Host } from "../plugins/host.ts";
import { type Call, type Command, type ContainerCall, type Ending, variablesOf } from "./call.ts";

/** A socket by whose it is and what it speaks: `host route`, `host netfilter`, `container route`. */
export type SocketName = `${"host" | "container"} ${"route" | "netfilter"}`;

/** Gives what is put in the place of a socket. */
export type Between = (socket: Transport, name: SocketName) => Transport;

/** Opens sockets as always, and puts `between` before each. */
const opening =
  (between: Between): Open =>
  (protocol, namespace) =>
    between(
      openTransport(protocol, namespace),
      `${namespace === undefined ? "host" : "container"} ${protocol}`,
    );

const plugins: Readonly<Record<string, Plugin>> = Object.fromEntries(
  await Promise.all(pluginNames.map(async (name) => [name, await loadPlugin(name)] as const)),
);

/** A call of a plugin, which is named when the configuration is text. */
type CallHere = Call & (Pick<ContainerCall, "config"> | { readonly plugin: string });

/** Makes a call in this process with something between its sockets and the kernel. */
export function callHere(host: Host, command: Command, made: CallHere, between: Between): Ending {
  const written = { stdout: "", stderr: "" };
  const name = "plugin" in made ? made.plugin : made.config.type;
  const process = {
    ...processHost({ version: "0", names: pluginNames }, ipamPlugin),
    // No file stands for the IPAM plugin: it is called in this process as well.
    variables: { ...variablesOf(host, command, made), CNI_PATH: "/nowhere" },
    readStdin: () => (typeof made.config === "string" ? made.config : JSON.stringify(made.config)),
    writeStdout(text: string) {
      written.stdout += text;
    },
    writeStderr(text: string) {
      written.stderr += text;
    },
    open: opening(between),
  };
  const exit = inside(host.namespace, () => serve(plugins[name]!, process));
  return { exit, ...written };
}
