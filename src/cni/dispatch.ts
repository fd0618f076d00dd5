/** The protocol: from environment and stdin to one call of a plugin, and from there to stdout and the exit code. */
import { readEnvironment } from "./environment.ts";
import { CniError, codes } from "./error.ts";
import { errorObject, explain, isDefect } from "./explain.ts";
import { type Host, io, log } from "./host.ts";
import { introduce } from "./introduce.ts";
import { printJson } from "./json.ts";
import { type Plugin, perform, type Request } from "./plugin.ts";
import { readRequest, saysWhatIsValid } from "./request.ts";
import { emptyResult, printResult } from "./result.ts";

/** The attachment is removed again when the runtime cannot be told of it. */
function add(plugin: Plugin, request: Request, host: Host): void {
  const result = perform(plugin, request) ?? emptyResult;
  try {
    const text = printResult(request.version, result);
    io("write the result to stdout", () => host.writeStdout(text));
  } catch (thrown) {
    try {
      perform(plugin, { ...request, command: "DEL" });
    } catch (second) {
      log(host, `DEL after an ADD whose result could not be given: ${explain(second).message}`);
    }
    throw thrown;
  }
}

/** What keeps STATUS from looking would keep an ADD from working: code 50. */
function status(plugin: Plugin, request: Request): void {
  try {
    perform(plugin, request);
  } catch (thrown) {
    const { failure } = explain(thrown);
    if (failure.code !== codes.failed || isDefect(thrown)) throw thrown;
    throw new CniError({ ...failure, code: codes.notAvailable }, { cause: thrown });
  }
}

function answer(plugin: Plugin, host: Host): void {
  if (introduce(plugin, host)) return;
  const request = readRequest(readEnvironment(host.variables), plugin, host);
  if (request.command === "ADD") add(plugin, request, host);
  else if (request.command === "STATUS") status(plugin, request);
  else if (request.command !== "GC" || saysWhatIsValid(request)) perform(plugin, request);
  else request.log("GC does nothing: the configuration does not say which attachments are valid");
}

/** Runs `act` and reports what it throws. @returns the process's exit code: 0, or 1 after an error object */
export function reporting(host: Host, act: () => void): number {
  try {
    act();
    return 0;
  } catch (thrown) {
    report(thrown, host);
    return 1;
  }
}

function report(thrown: unknown, host: Host): void {
  if (isDefect(thrown) && thrown instanceof Error) log(host, thrown.stack ?? thrown.message);
  const text = printJson(errorObject(thrown));
  try {
    host.writeStdout(text);
  } catch {
    log(host, `cannot write to stdout: ${text}`);
  }
}

/**
 * Answers one call of a plugin: JSON on stdout and nothing else there, words for people on stderr.
 * @returns the process's exit code: 0, or 1 after an error object
 */
export const serve = (plugin: Plugin, host: Host): number => reporting(host, () => answer(plugin, host));
