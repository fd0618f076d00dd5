/** A network as a runtime keeps it (libcni): plugins called in turn, results handed on and remembered. */
import type { Namespace } from "../../netlink/socket/namespace.ts";
import {
  type Command,
  type Configuration,
  callPlugin,
  type Ending,
  errorOf,
  type PluginConfig,
  type PrintedError,
  type PrintedResult,
  type Subject,
} from "./call.ts";
import type { Host } from "./host.ts";

/** What a runtime knows of an attachment besides the container. */
export interface AttachmentOptions {
  readonly ifname?: string;
  /** CNI_ARGS. */
  readonly args?: string;
  /** Values of capabilities; a plugin gets those that it declares. */
  readonly runtimeConfig?: Readonly<Record<string, unknown>>;
  /** The container's namespace, when it is not a new one. */
  readonly namespace?: Namespace;
  /** CNI_NETNS, when it is not the path of the namespace. */
  readonly netns?: string;
}

/** @throws Error with all that the plugin said, when a call that must succeed did not */
function succeeded(what: string, { exit, stdout, stderr }: Ending): void {
  if (exit !== 0) throw new Error(`${what} ended with ${exit}: ${stdout}${stderr}`);
}

/** Versions before 0.4.0 hand no result to DEL, and have no CHECK. */
const handsResultToDel = (version: string): boolean => !/^0\.[123]\./.test(version);

export class Network {
  constructor(
    readonly host: Host,
    readonly configuration: Configuration,
  ) {}

  /** A container that is not attached yet. */
  container(id: string, options: AttachmentOptions = {}): Attachment {
    return new Attachment(this, id, options);
  }

  /** Attaches a new container. */
  add(id: string, options: AttachmentOptions = {}): Attachment {
    const attachment = this.container(id, options);
    attachment.add();
    return attachment;
  }

  /** The error of an ADD that must fail. */
  refuse(id: string, options: AttachmentOptions = {}): PrintedError {
    return this.container(id, options).refused("ADD");
  }

  /** STATUS of all plugins. */
  status(): Ending {
    return this.eachPlugin("STATUS", this.configuration.plugins, {});
  }

  /** GC of all plugins, which keeps `valid`. */
  gc(valid: readonly Attachment[]): void {
    const attachments = valid.map(({ id, ifname }) => ({ containerID: id, ifname }));
    const keys = { "cni.dev/attachments": attachments, "cni.dev/valid-attachments": attachments };
    succeeded("GC", this.eachPlugin("GC", this.configuration.plugins, keys));
  }

  /** What a plugin of the list finds on its standard input. */
  configOf(plugin: PluginConfig, runtimeConfig: Readonly<Record<string, unknown>> = {}): PluginConfig {
    const { name, cniVersion } = this.configuration;
    const asked = Object.entries(runtimeConfig).filter(([capability]) => plugin.capabilities?.[capability]);
    return {
      ...plugin,
      name,
      cniVersion,
      ...(asked.length > 0 && { runtimeConfig: Object.fromEntries(asked) }),
    };
  }

  private eachPlugin(command: Command, plugins: readonly PluginConfig[], keys: object): Ending {
    let last: Ending = { exit: 0, stdout: "", stderr: "" };
    for (const plugin of plugins) {
      last = callPlugin(this.host, command, { ...this.configOf(plugin), ...keys });
      if (last.exit !== 0) break;
    }
    return last;
  }
}

/** A container's interface in a network, with the result of its ADD. */
export class Attachment {
  readonly namespace: Namespace;
  readonly ifname: string;
  private remembered: PrintedResult | undefined;
  /** The result of plugins that are none of the network's, before the first one. */
  private before: PrintedResult | undefined;

  constructor(
    readonly network: Network,
    readonly id: string,
    private readonly options: AttachmentOptions,
  ) {
    this.namespace = options.namespace ?? network.host.container();
    this.ifname = options.ifname ?? "eth0";
  }

  /** What the last ADD printed. @throws Error when there was none */
  get result(): PrintedResult {
    if (this.remembered === undefined) throw new Error(`${this.id} is not attached`);
    return this.remembered;
  }

  /** The first address of a family in the result, without its prefix length. */
  address(family: 4 | 6 = 4): string {
    const found = this.result.ips?.find(({ address }) => address.includes(":") === (family === 6));
    if (found === undefined) throw new Error(`${this.id} has no IPv${family} address`);
    return found.address.replace(/\/.*/, "");
  }

  /** The name of the host's end of the interface. */
  get hostLink(): string {
    return this.result.interfaces!.find(({ name, sandbox }) => name.startsWith("veth") && !sandbox)!.name;
  }

  add(): void {
    succeeded(`ADD of ${this.id}`, this.call("ADD"));
  }

  /** ADD of plugins that add to what others made, with the result of these. */
  addTo(result: PrintedResult): void {
    this.before = result;
    this.add();
  }

  check(): void {
    succeeded(`CHECK of ${this.id}`, this.call("CHECK"));
  }

  del(): void {
    succeeded(`DEL of ${this.id}`, this.call("DEL"));
  }

  /** The error of a command that must fail. */
  refused(command: "ADD" | "CHECK" | "DEL"): PrintedError {
    return errorOf(this.call(command));
  }

  /** The runtime forgets the result of ADD. */
  forget(): void {
    this.remembered = undefined;
  }

  /** The runtime remembers another result. */
  remember(result: PrintedResult): void {
    this.remembered = result;
  }

  /** Calls all plugins of the network, DEL from last to first, until one fails. */
  call(command: "ADD" | "CHECK" | "DEL"): Ending {
    const { plugins } = this.network.configuration;
    let previous = command === "ADD" ? this.before : this.remembered;
    let last: Ending = { exit: 0, stdout: "", stderr: "" };
    for (const plugin of command === "DEL" ? plugins.toReversed() : plugins) {
      last = callPlugin(this.network.host, command, this.configOf(plugin, command, previous), this.subject());
      if (last.exit !== 0) return last;
      if (command === "ADD") previous = JSON.parse(last.stdout) as PrintedResult;
    }
    if (command === "ADD") this.remembered = previous;
    return last;
  }

  /**
   * Calls one plugin alone on the interface, given the result of the last ADD.
   * @param keys its type, and keys that go before those of the network
   * @param netns CNI_NETNS, when it is not the path of the namespace
   */
  callAlone(
    command: "ADD" | "CHECK" | "DEL",
    keys: PluginConfig,
    netns: string = this.namespace.path,
  ): Ending {
    const { name, cniVersion } = this.network.configuration;
    const config = { name, cniVersion, prevResult: this.result, ...keys };
    const subject = { containerId: this.id, ifname: this.ifname, netns };
    return callPlugin(this.network.host, command, config, subject);
  }

  private configOf(
    plugin: PluginConfig,
    command: Command,
    prevResult: PrintedResult | undefined,
  ): PluginConfig {
    const config = this.network.configOf(plugin, this.options.runtimeConfig);
    const passed = command !== "DEL" || handsResultToDel(config.cniVersion as string);
    return prevResult !== undefined && passed ? { ...config, prevResult } : config;
  }

  private subject(): Subject {
    const { args, netns = this.namespace.path } = this.options;
    return { containerId: this.id, ifname: this.ifname, netns, ...(args !== undefined && { args }) };
  }
}
