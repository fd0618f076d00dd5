/** The daemon's command line: the reference's flags, in Go's spelling. */
import { CniError, codes } from "../../cni/error.ts";
import { USUAL_SOCKET } from "../places.ts";

/** Times in milliseconds. */
export interface Flags {
  readonly pidfile: string;
  readonly hostprefix: string;
  readonly socketpath: string;
  readonly broadcast: boolean;
  readonly timeout: number;
  readonly resendmax: number;
  readonly resendtimeout: number;
  readonly probe: number;
}

const defaults: Flags = {
  pidfile: "",
  hostprefix: "",
  socketpath: USUAL_SOCKET,
  broadcast: false,
  timeout: 10_000,
  resendmax: 62_000,
  resendtimeout: 208_000,
  probe: 0,
};

/** Of each flag, what it is for. */
const meanings: Readonly<Record<keyof Flags, string>> = {
  pidfile: "absolute path of a file to write the process id to",
  hostprefix: "path in front of those of the socket and of namespaces, for a daemon in a container",
  socketpath: "path of the socket that the plugin connects to",
  broadcast: "ask servers to answer by broadcast",
  timeout: "how long to wait for the answer to a message, which is sent again meanwhile",
  resendmax: "the longest pause between two tries",
  resendtimeout: "how long to try for a first lease",
  probe: "how long to ask the network whether an address is in use before taking it; 0 does not ask",
};

const UNITS = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

const wrong = (cause: string, hint: string): CniError =>
  new CniError({ code: codes.failed, operation: "read the command line", cause, hint });

/** Milliseconds of Go's durations: `10s`, `1m30s`, `500ms`, `0`. */
function duration(name: string, text: string): number {
  const part = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g;
  const whole = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/;
  if (text === "0") return 0;
  if (!whole.test(text)) throw wrong(`-${name} is "${text}"`, "give a duration such as 10s, 1m30s or 500ms");
  return [...text.matchAll(part)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * UNITS[unit as keyof typeof UNITS],
    0,
  );
}

function onOrOff(name: string, text: string): boolean {
  if (/^(1|t|true)$/i.test(text)) return true;
  if (/^(0|f|false)$/i.test(text)) return false;
  throw wrong(`-${name} is "${text}"`, "write true or false");
}

function flagValue(name: keyof Flags, text: string): string | number | boolean {
  const usual = defaults[name];
  if (typeof usual === "number") return duration(name, text);
  return typeof usual === "boolean" ? onOrOff(name, text) : text;
}

const isFlag = (name: string): name is keyof Flags => Object.hasOwn(defaults, name);

const shown = (value: string | number | boolean): string =>
  typeof value === "number" ? `${value / 1000}s` : String(value);

/** What a person reads who asks for help. */
export const flagsHelp = (): string =>
  Object.entries(meanings)
    .map(
      ([name, meaning]) =>
        `  -${name}\n        ${meaning} (default ${shown(defaults[name as keyof Flags]) || "none"})`,
    )
    .join("\n");

/** @throws CniError that names the flag that cannot be read */
export function readFlags(given: readonly string[]): Flags {
  const flags: Record<string, string | number | boolean> = { ...defaults };
  for (let index = 0; index < given.length; index++) {
    const match = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(given[index]!);
    const name = match?.[1] ?? "";
    if (!isFlag(name)) throw wrong(`there is no flag ${given[index]}`, `flags are:\n${flagsHelp()}`);
    const text = match?.[2] ?? (typeof defaults[name] === "boolean" ? "true" : given[++index]);
    if (text === undefined) throw wrong(`-${name} has no value`, "write it behind the flag");
    flags[name] = flagValue(name, text);
  }
  const read = flags as unknown as Flags;
  if (read.pidfile !== "" && !read.pidfile.startsWith("/"))
    throw wrong(`-pidfile is "${read.pidfile}"`, "give an absolute path");
  return read;
}
