/** strace as a saboteur: it kills the plugin at one of its system calls, or makes that call fail. */
import type { Host } from "../plugins/host.ts";
import { type Call, type Command, call } from "./call.ts";

/** One system call of the plugin's: the `nth` of its name since the process started. */
export interface Point {
  readonly syscall: string;
  readonly nth: number;
}

export const pointText = ({ syscall, nth }: Point): string => `${syscall} ${nth}`;

const strace = (syscalls: readonly string[], ...options: string[]): string[] => [
  "strace",
  "--follow-forks",
  "--quiet=all",
  `--trace=${syscalls.join()}`,
  ...options,
];

/** The points in what strace printed that come after the configuration has been read. */
function pointsIn(trace: string, syscalls: readonly string[]): Point[] {
  const lines = trace.trimEnd().split("\n");
  // Lines have the number of their thread as soon as there are several. What ends last is the process itself.
  const process = /^\[pid +\d+\] /.exec(lines.at(-1)!)?.[0] ?? "";
  const calls = lines.map((line) => (line.startsWith(process) ? line.slice(process.length) : line));
  const start = calls.findIndex((line) => line.startsWith("read(0,"));
  return syscalls.flatMap((syscall) => {
    const places = [...calls.keys()].filter((place) => calls[place]!.startsWith(`${syscall}(`));
    return places.flatMap((place, index) => (place > start ? [{ syscall, nth: index + 1 }] : []));
  });
}

/** The points of a call with these system calls. The call is made for that, and must succeed. */
export async function pointsOf(
  host: Host,
  command: Command,
  made: Call,
  syscalls: readonly string[],
): Promise<Point[]> {
  const { exit, stdout, stderr } = await call(host, command, {
    ...made,
    through: strace(["read", ...syscalls]),
  });
  if (exit !== 0) throw new Error(`${command} ended with ${exit}: ${stdout}${stderr}`);
  return pointsIn(stderr, syscalls);
}

/** Starts a program that dies as it enters the system call: the kernel does not make it. */
export const killedAt = ({ syscall, nth }: Point): string[] =>
  strace([syscall], `--inject=${syscall}:signal=SIGKILL:when=${nth}`);

/** Starts a program for which the system call fails; strace says `INJECTED` on stderr when it comes to it. */
export const failingAt = ({ syscall, nth }: Point, error: string): string[] =>
  strace([syscall], "--seccomp-bpf", `--inject=${syscall}:error=${error}:when=${nth}`);
