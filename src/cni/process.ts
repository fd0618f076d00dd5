/** Starting a plugin that is another program, and reading what it says. */
import type { Command } from "./commands.ts";
import type { Variables } from "./environment.ts";
import { CniError, codes } from "./error.ts";
import { JsonObject } from "./json.ts";
import type { Request } from "./plugin.ts";

/** A program that has just been written is busy for a moment; the reference plugins try as often. */
const tries = 6;
const pauseMilliseconds = 1000;

/** What a program said and how it ended. */
interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  /** Nothing after success, else how it ended: `exit status 3`, `killed by SIGKILL`. */
  readonly failure: string | undefined;
}

/** The environment of a delegate: as received, but for the command and for what would steer another Bun program. */
export function delegateVariables(received: Variables, command: Command): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(received)) {
    if (value !== undefined && !name.startsWith("BUN_")) variables[name] = value;
  }
  return { ...variables, CNI_COMMAND: command };
}

/** A program, and the name that it is called by where that is not its file's. */
interface Program {
  readonly file: string;
  readonly name?: string;
}

function start({ file, name = file }: Program, env: Record<string, string>, stdin: string): Outcome {
  const child = Bun.spawnSync([file], {
    argv0: name,
    env,
    stdin: new TextEncoder().encode(stdin),
    stdout: "pipe",
    stderr: "pipe",
  });
  const ended = child.signalCode ? `killed by ${child.signalCode}` : `exit status ${child.exitCode}`;
  return {
    stdout: new TextDecoder().decode(child.stdout),
    stderr: new TextDecoder().decode(child.stderr),
    failure: child.success ? undefined : ended,
  };
}

const errnoOf = (thrown: unknown): unknown => (thrown as { code?: unknown } | undefined)?.code;

/** Starts the program, again while its file is open for writing. @throws CniError with code 0 */
function startPatiently(program: Program, env: Record<string, string>, stdin: string, pause: Pause): Outcome {
  for (let attempt = 1; ; attempt++) {
    try {
      return start(program, env, stdin);
    } catch (cause) {
      const busy = errnoOf(cause) === "ETXTBSY";
      if (busy && attempt < tries) {
        pause(pauseMilliseconds);
        continue;
      }
      throw new CniError(
        {
          code: codes.unknown,
          operation: "start the plugin",
          subject: program.file,
          cause: cause instanceof Error ? cause.message : String(cause),
          hint: busy
            ? "somebody is still writing it: call again later"
            : "see that it is a program for this machine",
        },
        { cause },
      );
    }
  }
}

/** The error object that a plugin printed; nothing when what it printed is none. */
function printedError(stdout: string): CniError | undefined {
  try {
    const object = new JsonObject(JSON.parse(stdout), "");
    const [code, cause] = [object.integer("code"), object.text("msg")];
    if (code === undefined && cause === undefined) return undefined;
    return new CniError({ code: code ?? codes.unknown, cause: cause ?? "", details: object.text("details") });
  } catch {
    return undefined;
  }
}

function failureOf(file: string, command: Command, { stdout, stderr, failure }: Outcome): CniError {
  const said = stderr.trim() === "" ? undefined : `stderr: ${stderr.trim()}`;
  const silent = stdout.trim() === "";
  const cause = silent ? "it ended without an error object" : "what it printed is no error object";
  return new CniError({
    code: codes.unknown,
    operation: "call the plugin",
    subject: `${file} ${command}`,
    cause: [cause, failure, said].filter(Boolean).join(", "),
    details: silent ? undefined : stdout.trim(),
  });
}

/** Waits for some milliseconds. */
type Pause = (milliseconds: number) => void;

/** What a plugin that is started needs to know of the request. */
type Started = Pick<Request, "variables" | "rawConfig" | "log">;

/**
 * Runs one command of the plugin at `file` with the request's configuration and environment, and passes its stderr on.
 * @returns what it printed
 * @throws CniError: the one that it printed, or one with code 0 when it could not be started or said nothing usable
 */
export const startPlugin = (
  file: string,
  command: Command,
  request: Started,
  pause: Pause = Bun.sleepSync,
): string => run({ file }, command, request, pause);

/** The same for the plugin `name` of this executable, in a process of its own. */
export const startSelf = (name: string, command: Command, request: Started): string =>
  run({ file: "/proc/self/exe", name }, command, request, Bun.sleepSync);

function run(program: Program, command: Command, request: Started, pause: Pause): string {
  const variables = delegateVariables(request.variables, command);
  const outcome = startPatiently(program, variables, request.rawConfig, pause);
  if (outcome.stderr !== "") request.log(outcome.stderr.replace(/\n$/, ""));
  if (outcome.failure === undefined) return outcome.stdout;
  throw printedError(outcome.stdout) ?? failureOf(program.file, command, outcome);
}
