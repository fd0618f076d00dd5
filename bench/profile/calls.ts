/** What one process asked of the kernel, call by call, with the time inside each and the time between them. */
import { readFileSync } from "node:fs";

const record = "/run/calls";

/** Only these are watched: each takes some 0.05 ms longer for it, and the others nothing. */
const watched = "execve,read,write,openat,%net,setns,flock,rename,link,unlink,mkdir,close,exit_group";

/** The program, with its arguments, that starts a plugin and watches it. */
export const watcher = [
  "strace",
  "-f",
  "--seccomp-bpf",
  "-ttt",
  "-T",
  "-s",
  "80",
  "-e",
  watched,
  "-o",
  record,
];

export interface Step {
  /** Milliseconds since the process was started. */
  readonly at: number;
  /** Milliseconds since the call before it ended: the program's own work, and calls that are not watched. */
  readonly before: number;
  /** Milliseconds in the kernel. */
  readonly inside: number;
  /** The call, as strace prints it. */
  readonly text: string;
}

/** The calls of the process watched last, in its first thread, which does all the work. */
export function steps(): Step[] {
  const lines = [...readFileSync(record, "utf8").matchAll(/^(\d+) +(\d+\.\d+) (.*?)(?: <(\d+\.\d+)>)?$/gm)];
  const thread = lines[0]?.[1];
  const start = Number(lines[0]?.[2]) * 1000;
  let end = 0;
  return lines
    .filter((line) => line[1] === thread)
    .map(([, , time, text = "", took = 0]) => {
      const step = { at: Number(time) * 1000 - start, before: 0, inside: Number(took) * 1000, text };
      const before = step.at - end;
      end = step.at + step.inside;
      return { ...step, before };
    });
}

/** @returns a line for each step that took at least `worth` milliseconds, and the sums of all */
export function timeline(all: readonly Step[], worth: number): string {
  const columns = (...numbers: number[]) => numbers.map((each) => each.toFixed(2).padStart(7)).join(" ");
  const shown = all.filter(({ before, inside }) => before + inside >= worth);
  const sum = (of: (step: Step) => number) => all.reduce((total, step) => total + of(step), 0);
  return [
    "     at  before  inside",
    ...shown.map(({ at, before, inside, text }) => `${columns(at, before, inside)}  ${text.slice(0, 120)}`),
    `    sum ${columns(
      sum((step) => step.before),
      sum((step) => step.inside),
    )}  of ${all.length} calls, ${shown.length} shown`,
  ].join("\n");
}
