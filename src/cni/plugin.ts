/** What a plugin is, and what it is called with. Everything is synchronous. */
import { type Command, commands } from "./commands.ts";
import type { Ipam } from "./delegate.ts";
import type { Environment, Variables } from "./environment.ts";
import { CniError, codes } from "./error.ts";
import type { Open } from "./host.ts";
import type { Dns, Result } from "./result.ts";
import { compareVersions } from "./versions.ts";

/** The keys that every network configuration may have (CNI specification, "Plugin configuration objects"). */
export interface NetworkConfig {
  readonly cniVersion?: string | undefined;
  readonly name: string;
  readonly type?: string | undefined;
  /** Capabilities that the runtime is asked to fill in under `runtimeConfig`. */
  readonly capabilities?: Readonly<Record<string, boolean>> | undefined;
  readonly runtimeConfig?: object | undefined;
  readonly args?: object | undefined;
  readonly ipam?: { readonly type?: string | undefined } | undefined;
  readonly dns?: Dns | undefined;
  /** As it came; `Call.prevResult` is what it says. */
  readonly prevResult?: unknown;
}

/** What is known of a plugin before it is loaded. */
export interface Identity {
  /** The `type` in configurations, and the name under which the executable is called. */
  readonly name: string;
  /** The versions of the specification that configurations may ask for. */
  readonly versions: readonly string[];
}

/** One plugin: how it reads its configuration, and a function for each command. */
export interface Plugin<Config extends NetworkConfig = NetworkConfig> extends Identity {
  /** Checks decoded JSON against the plugin's schema and gives it typed. @throws ConfigError, CniError */
  configure(json: unknown, request: Pick<Request, "command" | "log">): Config;
  /** Makes the attachment, all or nothing. @throws CniError, NetlinkError */
  add(call: Call<Config>): Result;
  /** Removes the attachment; what is not there is done. */
  del(call: Call<Config>): void;
  /** Throws when the attachment is not as its ADD left it. */
  check?(call: Call<Config>): void;
  /** Removes what belongs to none of `call.validAttachments`. */
  gc?(call: Call<Config>): void;
  /** Throws what an ADD would fail of, as code 50 or 51. */
  status?(call: Call<Config>): void;
}

/** One container's connection to a network, as the runtime spells it. */
export interface Attachment {
  readonly containerID: string;
  readonly ifname: string;
}

/** What a runtime asked for, before any plugin's schema has been applied. */
export interface Request extends Omit<Environment, "command"> {
  readonly command: Command;
  /** The version that the configuration asks for. */
  readonly version: string;
  /** The configuration as received: what a delegate is to be given. */
  readonly rawConfig: string;
  /** `rawConfig` decoded. */
  readonly json: unknown;
  /** The environment as received. */
  readonly variables: Variables;
  /** The result of the plugins before this one; on DEL perhaps absent although there was one. */
  readonly prevResult: Result | undefined;
  /** GC: the attachments that still exist. Empty for other commands. */
  readonly validAttachments: readonly Attachment[];
  /**
   * The IPAM plugin of that type, for this request.
   * @param json the configuration that it is given: the one that came unless another is given
   * @throws CniError when there is none
   */
  ipam(type: string, json?: unknown): Ipam;
  /** How sockets are opened, where it is not as usual. */
  readonly open?: Open | undefined;
  /** Writes a line for people to stderr. */
  log(line: string): void;
}

/** The attachment that a request is about. */
export const attachmentOf = ({
  containerId,
  ifname,
}: Pick<Request, "containerId" | "ifname">): Attachment => ({
  containerID: containerId,
  ifname,
});

/** A request with the configuration as the plugin's schema gives it. */
export interface Call<Config extends NetworkConfig = NetworkConfig> extends Request {
  readonly config: Config;
}

/** @throws CniError with code 1 when command and version do not go together, 6 when a version is malformed */
export function checkVersion(
  plugin: Plugin,
  { command, version }: Pick<Request, "command" | "version">,
): void {
  const { since } = commands[command];
  // ADD and DEL have always been there: for them a malformed version is one that is not supported.
  if (since !== commands.ADD.since && compareVersions(version, since) < 0) {
    throw new CniError({
      code: codes.incompatibleVersion,
      cause: `config version does not allow ${command}`,
      details: `config is "${version}", ${command} came with ${since}`,
    });
  }
  if (plugin.versions.includes(version)) return;
  throw new CniError({
    code: codes.incompatibleVersion,
    cause: "incompatible CNI versions",
    details: `config is "${version}", ${plugin.name} supports ${plugin.versions.join(", ")}`,
  });
}

/**
 * Calls the plugin's function for the request's command with its typed configuration.
 * @returns the result of an ADD; nothing for other commands and for a command that the plugin has no function for
 */
export function perform(plugin: Plugin, request: Request): Result | undefined {
  const { verb } = commands[request.command];
  if (plugin[verb] === undefined) return undefined;
  return plugin[verb]({ ...request, config: plugin.configure(request.json, request) }) ?? undefined;
}
