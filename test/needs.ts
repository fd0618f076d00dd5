/** What a test needs of the machine, so that whatever is left out is listed with its reason. */
import { dlopen } from "bun:ffi";
import { describe, test } from "bun:test";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { type Feature, isFeature, lacking } from "./features.ts";

const libc = dlopen("libc.so.6", { geteuid: { args: [], returns: "u32" } }).symbols;
const CAP_NET_ADMIN = 12n;
const CAP_SYS_ADMIN = 21n;

function hasCapabilities(...capabilities: bigint[]): boolean {
  const line = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
  const effective = BigInt(`0x${line}`);
  return capabilities.every((capability) => (effective >> capability) & 1n);
}

/** Whether the machine has what `need` names, and if not, what a person can do about it. */
function missing(need: Need): string | undefined {
  if (isFeature(need)) return missing("namespaces") ?? lacking(need);
  const [kind, subject = ""] = need.split(":") as [string, string?];
  switch (kind) {
    case "namespaces":
      return hasCapabilities(CAP_NET_ADMIN, CAP_SYS_ADMIN)
        ? undefined
        : "needs CAP_NET_ADMIN and CAP_SYS_ADMIN (root, or a user namespace)";
    case "root":
      return libc.geteuid() === 0 && readFileSync("/proc/self/uid_map", "utf8").includes("4294967295")
        ? undefined
        : "needs the machine's root";
    case "program":
      return Bun.which(subject) ? undefined : `needs the program ${subject}`;
    default:
      return existsSync(subject) ? undefined : `needs the file ${subject}`;
  }
}

/** The test file that asks, from the stack. */
function callerFile(): string {
  return /(test\/[\w./-]+\.test\.ts)/.exec(new Error().stack ?? "")?.[1] ?? "a test";
}

/** A capability, program or file that a test cannot do without, or a feature of the kernel. */
export type Need = "namespaces" | "root" | `program:${string}` | `file:${string}` | Feature;

const RUN = { test, describe };
const SKIP = { test: test.skip as typeof test, describe: describe.skip as typeof describe };

/**
 * `test` and `describe` that run where the machine has all of `wanted`, and are listed as left out elsewhere.
 *
 * Of what only the kernel lacks the runner makes a list (FLATNET_LACKING: a file and a feature a line), and runs these
 * files once more on another kernel, where it says what the first one lacked (FLATNET_LACKED). There all other tests
 * have nothing to add.
 */
export function needs(...wanted: Need[]) {
  const lacked = process.env.FLATNET_LACKED;
  if (lacked && !wanted.some((need) => lacked.split(" ").includes(need))) return SKIP;
  const [need, reason] = wanted
    .map((need) => [need, missing(need)] as const)
    .find(([, reason]) => reason !== undefined) ?? [undefined, undefined];
  if (reason === undefined) return RUN;
  const list = process.env.FLATNET_LACKING;
  if (list && isFeature(need)) {
    appendFileSync(list, `${callerFile()} ${need}\n`);
    return SKIP;
  }
  if (process.env.FLATNET_TEST_ALL) throw new Error(`a test ${reason}, and nothing may be left out`);
  const leftOut = process.env.FLATNET_LEFT_OUT;
  if (leftOut) appendFileSync(leftOut, `${callerFile()}: ${reason}\n`);
  return SKIP;
}
