/** Reading a request: the configuration on stdin together with the environment, checked in the protocol's order. */
import { isCommand } from "./commands.ts";
import { ipamFor } from "./delegate.ts";
import type { Environment } from "./environment.ts";
import { CniError, codes } from "./error.ts";
import { explain } from "./explain.ts";
import { type Host, io, log } from "./host.ts";
import { JsonObject, parseJson, readText } from "./json.ts";
import { checkNetworkName } from "./names.ts";
import { type Attachment, checkVersion, type Plugin, type Request } from "./plugin.ts";
import { parsePrevResult, type Result } from "./result.ts";
import { oldestVersion } from "./versions.ts";

/** Keys under which GC is given the attachments that still exist: the specification's, and the one of its drafts. */
const attachmentKeys = ["cni.dev/valid-attachments", "cni.dev/attachments"];

/** The configuration's keys. An empty document is no configuration, but `null` is one without keys. */
function readConfig(rawConfig: string): { json: unknown; keys: JsonObject } {
  const json = parseJson(rawConfig, "the network configuration on stdin") ?? {};
  const keys = new JsonObject(json, "");
  checkNetworkName(keys.text("name") ?? "");
  return { json, keys };
}

function readAttachment(json: unknown, path: string): Attachment {
  const attachment = new JsonObject(json, path);
  return {
    containerID: attachment.required("containerID", readText),
    ifname: attachment.required("ifname", readText),
  };
}

/** Of the keys for the list the first that has one counts; `null` is a list of none. */
function readAttachments(keys: JsonObject): Attachment[] {
  const key = attachmentKeys.find((name) => keys.value(name) !== undefined);
  return key === undefined ? [] : keys.list(key, readAttachment);
}

/** Whether a GC says which attachments still exist. One that does not would take every container's network away. */
export function saysWhatIsValid(request: Request): boolean {
  const keys = new JsonObject(request.json, "");
  return attachmentKeys.some((key) => keys.has(key));
}

/** What removes goes on without a prevResult that cannot be read: there must be a way to remove the attachment. */
function readPrevResult(keys: JsonObject, version: string, command: string, host: Host): Result | undefined {
  try {
    return keys.optional("prevResult", (json) => parsePrevResult(json, version));
  } catch (thrown) {
    if (command === "ADD" || command === "CHECK") throw thrown;
    log(host, `${command} without prevResult: ${explain(thrown).message}`);
    return undefined;
  }
}

/** @throws CniError with code 8 when the container's network namespace is the plugin's own */
function checkNamespace({ command, netns, override }: Request, host: Host): void {
  if (command !== "ADD" && command !== "DEL") return;
  if (netns === "" || override || !host.isOwnNamespace(netns)) return;
  throw new CniError({
    code: codes.invalidNamespace,
    operation: "enter the container's network namespace",
    subject: netns,
    cause: "it is the plugin's own",
    hint: "set CNI_NETNS to the container's, or CNI_NETNS_OVERRIDE=1 to go on all the same",
  });
}

/** The request with another configuration. */
const withConfig = (request: Request, json: unknown): Request => ({
  ...request,
  json,
  rawConfig: JSON.stringify(json),
});

/**
 * The request of this call, checked but for what the plugin's own schema says.
 * @throws CniError
 */
export function readRequest(environment: Environment, plugin: Plugin, host: Host): Request {
  const rawConfig = io("read stdin", () => host.readStdin());
  const { json, keys } = readConfig(rawConfig);
  const { command } = environment;
  if (!isCommand(command)) {
    throw new CniError({ code: codes.invalidEnvironment, cause: `unknown CNI_COMMAND: ${command}` });
  }
  const version = keys.text("cniVersion") || oldestVersion;
  checkVersion(plugin, { command, version });
  const request: Request = {
    ...environment,
    command,
    version,
    rawConfig,
    json,
    variables: host.variables,
    prevResult: readPrevResult(keys, version, command, host),
    validAttachments: command === "GC" ? readAttachments(keys) : [],
    ipam: (type, json) => ipamFor(json === undefined ? request : withConfig(request, json), type, host),
    open: host.open,
    log: (line) => log(host, line),
  };
  checkNamespace(request, host);
  return request;
}
