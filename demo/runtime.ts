/**
 * A container runtime's side of CNI: a network list called for a container as Podman and containerd do it
 * (CNI specification 1.0.0, sections 3 and 4).
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** One plugin of a list, as the administrator wrote it. */
interface PluginConfig {
  readonly type: string;
  /** What the plugin wants to be told in `runtimeConfig`. */
  readonly capabilities?: Readonly<Record<string, boolean>>;
}

/** A network: the file `NAME.conflist`. */
export interface NetworkList {
  readonly cniVersion: string;
  readonly name: string;
  readonly plugins: readonly PluginConfig[];
}

/** What ADD gives. */
export interface Result {
  readonly interfaces: readonly { readonly name: string; readonly mac: string; readonly sandbox?: string }[];
  readonly ips: readonly {
    readonly address: string;
    readonly gateway?: string;
    readonly interface?: number;
  }[];
}

/** A container, and what its user asked for: published ports, an address… by the names of the capabilities. */
export interface Attachment {
  readonly containerId: string;
  readonly netns: string;
  readonly ifname: string;
  readonly wishes: Readonly<Record<string, unknown>>;
}

/** One call of one plugin that went well. */
export interface Call {
  readonly command: "ADD" | "CHECK" | "DEL";
  readonly containerId: string;
  /** From before the process was started until after it ended. */
  readonly milliseconds: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class Runtime {
  readonly network: NetworkList;
  /** Every call so far. */
  readonly calls: Call[] = [];
  /** The final result of each ADD, which CHECK and DEL are given back. */
  private readonly results = new Map<string, Result>();

  /**
   * @param conflist the file of the network
   * @param plugins the directory of the plugins' executables
   */
  constructor(
    conflist: string,
    private readonly plugins: string,
  ) {
    this.network = JSON.parse(readFileSync(conflist, "utf8"));
  }

  /**
   * Attaches a container: each plugin in order, each with the result of the one before.
   * @param options given to the executables, beside what the protocol says
   * @throws Error with what the plugin said; what the plugins before it made has been removed then
   */
  add(attachment: Attachment, options: readonly string[] = []): Result {
    let result: Result | undefined;
    try {
      for (const plugin of this.network.plugins) {
        result = JSON.parse(this.call("ADD", plugin, attachment, result, options).stdout);
      }
    } catch (error) {
      try {
        this.delete(attachment);
      } catch {
        // The first failure is the one to report.
      }
      throw error;
    }
    this.results.set(attachment.containerId, result!);
    return result!;
  }

  /** Asks each plugin in order whether the attachment is as it left it. @throws Error with what differs */
  check(attachment: Attachment): void {
    const result = this.results.get(attachment.containerId);
    for (const plugin of this.network.plugins) this.call("CHECK", plugin, attachment, result);
  }

  /** Detaches a container: each plugin in reverse order. @throws Error with what the plugin said */
  delete(attachment: Attachment): void {
    const result = this.results.get(attachment.containerId);
    for (const plugin of this.network.plugins.toReversed()) this.call("DEL", plugin, attachment, result);
    this.results.delete(attachment.containerId);
  }

  /** Starts a plugin: what to do in the environment, the configuration on standard input. */
  private call(
    command: Call["command"],
    plugin: PluginConfig,
    attachment: Attachment,
    prevResult: Result | undefined,
    options: readonly string[] = [],
  ): Call {
    const { containerId, netns, ifname } = attachment;
    const start = performance.now();
    const { exitCode, stdout, stderr } = Bun.spawnSync([join(this.plugins, plugin.type), ...options], {
      env: {
        CNI_COMMAND: command,
        CNI_CONTAINERID: containerId,
        CNI_NETNS: netns,
        CNI_IFNAME: ifname,
        CNI_PATH: this.plugins,
      },
      stdin: new TextEncoder().encode(JSON.stringify(this.configFor(plugin, attachment, prevResult))),
      stderr: "pipe",
    });
    const milliseconds = performance.now() - start;
    const call = { command, containerId, milliseconds, stdout: stdout.toString(), stderr: stderr.toString() };
    if (exitCode !== 0) throw new Error(errorIn(call));
    this.calls.push(call);
    return call;
  }

  /** The plugin's own part of the list, and what the runtime adds to it. */
  private configFor(plugin: PluginConfig, { wishes }: Attachment, prevResult: Result | undefined) {
    const { name, cniVersion } = this.network;
    const declared = Object.entries(wishes).filter(([capability]) => plugin.capabilities?.[capability]);
    return {
      ...plugin,
      name,
      cniVersion,
      ...(declared.length > 0 && { runtimeConfig: Object.fromEntries(declared) }),
      ...(prevResult && { prevResult }),
    };
  }
}

/** What a plugin that failed said: an error object on standard output, if it got so far. */
function errorIn({ command, containerId, stdout, stderr }: Call): string {
  try {
    const { code, msg, details } = JSON.parse(stdout) as { code: number; msg: string; details?: string };
    return `${command} of ${containerId}: ${msg}${details ? ` (${details})` : ""}, code ${code}`;
  } catch {
    return `${command} of ${containerId} ended without an answer: ${stdout}${stderr}`;
  }
}
