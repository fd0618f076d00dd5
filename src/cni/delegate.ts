/** Delegation to an IPAM plugin: in this process when it is one of ours, else in a process of its own. */
import type { FileIdentity } from "../sys/directories.ts";
import type { Command } from "./commands.ts";
import { CniError, codes } from "./error.ts";
import { explain } from "./explain.ts";
import type { Host } from "./host.ts";
import { parseJson } from "./json.ts";
import { checkVersion, type Plugin, perform, type Request } from "./plugin.ts";
import { startPlugin } from "./process.ts";
import { emptyResult, parseResult, type Result } from "./result.ts";

/** An IPAM plugin, with the request of the plugin that delegates to it. Every function throws CniError. */
export interface Ipam {
  /** The addresses, routes and resolver settings for the attachment; after a failure nothing is left allocated. */
  add(): Result;
  del(): void;
  check(): void;
  gc(): void;
  status(): void;
}

/** IPAM plugins that give addresses back through the container's interface. */
const throughInterface: readonly (string | undefined)[] = ["dhcp"];

/**
 * Whether the IPAM plugin `type` is to be asked to free addresses before the interface is removed: a DHCP server is told
 * through it. All others are asked when nothing has the address any more, since another container may get it at once.
 */
export const freesThroughInterface = (type: string | undefined): boolean => throughInterface.includes(type);

/** What delegation needs of the process. */
export type DelegateHost = Pick<Host, "identify" | "plugin" | "program">;

/** The executable that is running. */
const self = "/proc/self/exe";

const sameFile = (a: FileIdentity, b: FileIdentity | undefined): boolean =>
  a.device === b?.device && a.inode === b.inode;

function unusable(type: string, cause: string, hint: string): CniError {
  return new CniError({
    code: codes.failed,
    operation: "find the plugin",
    subject: JSON.stringify(type),
    cause,
    hint,
  });
}

function checkType(type: string): void {
  if (type === "") throw unusable(type, "it has no name", "set ipam.type");
  if (type.includes("/") || type.includes("\0"))
    throw unusable(type, "a name has no `/`", "set ipam.type to a plugin's file name");
}

/** The answer to a plugin of ours that is asked for addresses, and would ask for them in turn for ever. */
const givesNone = (type: string): CniError =>
  unusable(type, "it gives no addresses", "set ipam.type to an IPAM plugin");

/**
 * Where the plugin `type` is: one of ours, or a file in the first of the directories `path` that has it. A file that
 * is this executable counts as ours, and so does a name of ours that no directory has.
 * @throws CniError with code 999 when there is none
 */
export function findDelegate(type: string, path: readonly string[], host: DelegateHost): Plugin | string {
  checkType(type);
  const isOurs = host.program.names.includes(type);
  const ours = (): Plugin => {
    const plugin = host.plugin(type);
    if (plugin === undefined) throw givesNone(type);
    return plugin;
  };
  for (const directory of path) {
    const file = `${directory}/${type}`;
    const identity = host.identify(file);
    if (!identity?.regular) continue;
    return isOurs && sameFile(identity, host.identify(self)) ? ours() : file;
  }
  if (isOurs) return ours();
  throw path.length === 0
    ? unusable(type, "CNI_PATH names no directory", "set CNI_PATH to the directories with CNI plugins")
    : unusable(type, `it is not in ${path.join(", ")}`, "install it there, or correct ipam.type or CNI_PATH");
}

/** A plugin that leaves nothing behind when its ADD fails, as each of ours must. */
function inProcess(plugin: Plugin, request: Request): Ipam {
  const run = (command: Command): Result | undefined => {
    const delegated = { ...request, command };
    checkVersion(plugin, delegated);
    return perform(plugin, delegated);
  };
  return {
    add: () => run("ADD") ?? emptyResult,
    del: () => void run("DEL"),
    check: () => void run("CHECK"),
    gc: () => void run("GC"),
    status: () => void run("STATUS"),
  };
}

/** The result that a delegate printed; `null` stands for an empty one. */
function readResult(stdout: string, file: string, version: string): Result {
  const subject = `result of ${file}`;
  return parseResult(parseJson(stdout, `the ${subject}`) ?? {}, version, subject);
}

function inItsProcess(file: string, request: Request): Ipam {
  const run = (command: Command): string => startPlugin(file, command, request);
  return {
    add() {
      try {
        return readResult(run("ADD"), file, request.version);
      } catch (failure) {
        // The specification asks for DEL after a failed ADD; the first failure is the one to report.
        try {
          run("DEL");
        } catch (second) {
          request.log(`${file} DEL after its failed ADD: ${explain(second).message}`);
        }
        throw failure;
      }
    },
    del: () => void run("DEL"),
    check: () => void run("CHECK"),
    gc: () => void run("GC"),
    status: () => void run("STATUS"),
  };
}

/** The IPAM plugin `type` for a request. @throws CniError with code 999 when there is none */
export function ipamFor(request: Request, type: string, host: DelegateHost): Ipam {
  const found = findDelegate(type, request.path, host);
  return typeof found === "string" ? inItsProcess(found, request) : inProcess(found, request);
}
