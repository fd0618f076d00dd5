/** What a test needs of the machine, so that whatever is left out is listed with its reason. */
import { dlopen } from "bun:ffi";
import { describe, test } from "bun:test";
import { appendFileSync, existsSync, readFileSync } from "node:fs";

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

/** A capability, program or file that a test cannot do without. */
export type Need = "namespaces" | "root" | `program:${string}` | `file:${string}`;

/** `test` and `describe` that run where the machine has all of `wanted`, and are listed as left out elsewhere. */
export function needs(...wanted: Need[]) {
  const reason = wanted.map(missing).find((reason) => reason !== undefined);
  if (reason === undefined) return { test, describe };
  if (process.env.FLATNET_TEST_ALL) throw new Error(`a test ${reason}, and nothing may be left out`);
  const list = process.env.FLATNET_LEFT_OUT;
  if (list) appendFileSync(list, `${callerFile()}: ${reason}\n`);
  return { test: test.skip as typeof test, describe: describe.skip as typeof describe };
}
