/** Reads the captured messages of `fixtures/`. */
import { readdirSync, readFileSync } from "node:fs";

/** One captured message, or a datagram of several where its name says so. */
export type Fixture = {
  /** The file's name without its ending: `link-veth-create`. */
  name: string;
  /** The command that was recorded. */
  command: string;
  direction: "toKernel" | "fromKernel";
  protocol: "route" | "netfilter";
  /** The bytes as they crossed the system call. Headers are included. */
  bytes: Uint8Array;
};

const FOLDER = new URL("../fixtures/", import.meta.url).pathname;

/** Everything captured of `protocol`, by name. @throws Error when a file does not read as a fixture */
export function fixtures(protocol: Fixture["protocol"]): Fixture[] {
  return readdirSync(`${FOLDER}${protocol}`)
    .filter((file) => file.endsWith(".hex"))
    .sort()
    .map((file) => fixture(protocol, file.slice(0, -".hex".length)));
}

/** The captured message `name`. @throws Error when there is no such file or it does not read as a fixture */
export function fixture(protocol: Fixture["protocol"], name: string): Fixture {
  const file = `${FOLDER}${protocol}/${name}.hex`;
  const text = readFileSync(file, "utf8");
  const [, command] = /^# (.+)/.exec(text) ?? [];
  const [, direction] = /^# .*; (sent to|received from) the kernel$/m.exec(text) ?? [];
  if (command === undefined || direction === undefined)
    throw new Error(`${file}: the first two lines are the command, and the versions with the direction`);
  return {
    name,
    command,
    direction: direction === "sent to" ? "toKernel" : "fromKernel",
    protocol,
    bytes: parseHex(text),
  };
}

/** The bytes of a hex dump in which `#` starts a comment. */
export function parseHex(text: string): Uint8Array {
  const digits = text.replace(/#.*$/gm, "").replace(/\s+/g, "");
  if (digits.length % 2 !== 0 || /[^0-9a-f]/.test(digits)) throw new Error("not pairs of hexadecimal digits");
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
