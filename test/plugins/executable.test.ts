/** The executable where it is not meant well: a working directory and an environment full of traps, streams that are shut. */
import { expect } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { needs } from "../needs.ts";
import type { Ending, PrintedError } from "./call.ts";
import { Host } from "./host.ts";
import { vethNames } from "./kernel.ts";

const live = needs("namespaces", "program:ip");
const traced = needs("namespaces", "program:strace");

const config = JSON.stringify({ cniVersion: "1.0.0", name: "flatnet", type: "flatnet" });

/** The variables of an ADD for a new container. */
const variables = (host: Host): Record<string, string> => ({
  CNI_COMMAND: "ADD",
  CNI_CONTAINERID: "web",
  CNI_IFNAME: "eth0",
  CNI_NETNS: host.container().path,
  CNI_PATH: host.plugins,
});

/** Runs `flatnet` by a line of shell in which `"$0"` stands for it. */
function shell(host: Host, line: string, more: Record<string, string> = {}, stdin = config): Ending {
  return host.run(["sh", "-c", line, `${host.plugins}/flatnet`], { ...variables(host), ...more }, stdin);
}

const errorIn = ({ stdout }: Ending): PrintedError => JSON.parse(stdout) as PrintedError;

/** Nothing of an ADD is there. */
function expectNothing(host: Host): void {
  expect(vethNames(host.namespace)).toEqual([]);
  expect(host.leases("flatnet")).toEqual([]);
}

/** A directory of traps; the code in them writes `/var/lib/ran` when it runs. */
function trapsOn(host: Host): string {
  const evil = `require("node:fs").writeFileSync("/var/lib/ran", "1");`;
  const traps = {
    "evil.js": evil,
    "bunfig.toml": 'preload = ["./evil.js"]\n[run]\npreload = ["./evil.js"]\n',
    ".env": "CNI_COMMAND=VERSION\nBUN_OPTIONS=--preload=./evil.js\nLD_PRELOAD=./libc.so.6\n",
    "package.json": '{"main":"./evil.js","imports":{"#x":"./evil.js"}}',
    "tsconfig.json": '{"compilerOptions":{"paths":{"*":["./evil.js"]}}}',
    "node_modules/zod/index.js": evil,
    "node_modules/bun/index.js": evil,
    "libc.so.6": "no library",
    "libc.so": "no library",
  };
  const directory = host.file("traps");
  for (const [name, text] of Object.entries(traps)) {
    mkdirSync(`${directory}/${name}`.replace(/\/[^/]*$/, ""), { recursive: true });
    writeFileSync(`${directory}/${name}`, text);
  }
  return "/var/lib/traps";
}

live.describe("in a working directory full of traps", () => {
  live.test("ADD does what it always does, and none of them runs", () => {
    using host = new Host();
    const { exit, stdout } = shell(host, `cd ${trapsOn(host)} && exec "$0"`);
    expect(exit).toBe(0);
    expect(JSON.parse(stdout).ips).toHaveLength(1);
    expect(existsSync(host.file("ran"))).toBe(false);
  });

  traced.test("ADD opens none of its files", () => {
    using host = new Host();
    const directory = trapsOn(host);
    const trace = `strace -f -e trace=%file -o /var/lib/trace "$0"`;
    const { exit } = shell(host, `cd ${directory} && ${trace}`);
    expect(exit).toBe(0);
    const trap = /traps\/|"\.?\/?(evil|bunfig|\.env|package|tsconfig|node_modules|libc)[^"]*"/;
    const touched = host
      .files()
      .trace!.split("\n")
      .filter((line) => trap.test(line) && !line.includes("execve"));
    expect(touched).toEqual([]);
  });

  live.test("an ADD in a directory that was deleted works", () => {
    using host = new Host();
    const line = 'mkdir /var/lib/gone && cd /var/lib/gone && rmdir /var/lib/gone && exec "$0"';
    expect(shell(host, line).exit).toBe(0);
  });

  live.test("an ADD in a directory that may not be read works", () => {
    using host = new Host();
    expect(shell(host, 'mkdir -m 0 /var/lib/shut && cd /var/lib/shut && exec "$0"').exit).toBe(0);
  });
});

live.describe("with streams that are shut", () => {
  live.test("a stdin that is closed is no configuration", () => {
    using host = new Host();
    const ending = shell(host, 'exec "$0" <&-');
    expect(ending.exit).toBe(1);
    expect(errorIn(ending)).toMatchObject({ code: 6 });
    expectNothing(host);
  });

  live.test("a stdin that ends in the middle is no configuration", () => {
    using host = new Host();
    const ending = shell(host, 'exec "$0"', {}, config.slice(0, 20));
    expect(errorIn(ending)).toMatchObject({ code: 6 });
    expectNothing(host);
  });

  live.test.each([
    ["is closed", 'exec "$0" >&-'],
    ["is full", 'exec "$0" >/dev/full'],
    ["nobody reads", '"$0" | true; exit 1'],
  ])("an ADD whose stdout %s is taken back", (_, line) => {
    using host = new Host();
    const { exit } = shell(host, line);
    expect(exit).toBe(1);
    expectNothing(host);
  });

  live.test("a stderr that is closed is as /dev/null, and never one of the ADD's own files", () => {
    using host = new Host();
    expect(shell(host, 'exec "$0" 2>&-').exit).toBe(0);
    expect(host.files()["cni/networks/flatnet/10.87.1.2"]).toBe("web\r\neth0");
  });

  live.test("all three closed: an ADD fails and leaves nothing", () => {
    using host = new Host();
    expect(shell(host, 'exec "$0" <&- >&- 2>&-').exit).toBe(1);
    expectNothing(host);
  });
});

live.describe("in an environment that means no good", () => {
  live.test.each([
    ["BUN_OPTIONS", "--preload /var/lib/traps/evil.js"],
    ["BUN_OPTIONS", "--config=/var/lib/traps/bunfig.toml"],
    ["BUN_INSPECT_PRELOAD", "/var/lib/traps/evil.js"],
    ["NODE_OPTIONS", "--require /var/lib/traps/evil.js"],
    ["NODE_PATH", "/var/lib/traps/node_modules"],
    ["BUN_CONFIG_FILE", "/var/lib/traps/bunfig.toml"],
    ["LD_LIBRARY_PATH", "/nowhere"],
  ])("%s=%s runs no code of somebody else", (name, value) => {
    using host = new Host();
    trapsOn(host);
    const { exit } = shell(host, 'exec "$0"', { [name]: value });
    expect(existsSync(host.file("ran"))).toBe(false);
    if (exit !== 0) expectNothing(host);
  });

  live.test("nothing but the CNI variables is needed", () => {
    using host = new Host();
    const names = Object.keys(variables(host)).map((name) => `${name}="$${name}"`);
    expect(shell(host, `exec env -i ${names.join(" ")} "$0"`).exit).toBe(0);
  });

  live.test.each([
    ["CNI_CONTAINERID", "../../etc/passwd", 4],
    ["CNI_CONTAINERID", "a\nb", 4],
    ["CNI_CONTAINERID", "", 4],
    ["CNI_IFNAME", "../eth0", 4],
    ["CNI_IFNAME", "sixteen-letters-", 4],
    ["CNI_IFNAME", "a b", 4],
    ["CNI_NETNS", "/etc/passwd", 999],
    ["CNI_NETNS", "/nowhere", 999],
    ["CNI_COMMAND", "NOPE", 4],
  ])("%s=%j is refused with code %d", (name, value, code) => {
    using host = new Host();
    const ending = shell(host, 'exec "$0"', { [name]: value });
    expect(ending.exit).toBe(1);
    expect(errorIn(ending).code).toBe(code);
    expect(host.files()).toEqual({});
  });

  live.test("VERSION reads no standard input", () => {
    using host = new Host();
    const line = 'mkfifo /var/lib/open && exec "$0" <>/var/lib/open';
    const { exit, stdout } = shell(host, line, { CNI_COMMAND: "VERSION" });
    expect(exit).toBe(0);
    expect(JSON.parse(stdout).supportedVersions).toContain("1.1.0");
  });
});

live.test("under a name that is none of its plugins, it refuses instead of acting as another", () => {
  using host = new Host();
  const called = shell(host, 'ln -s "$0" /var/lib/nosuch && exec /var/lib/nosuch');
  expect(called.exit).toBe(1);
  expect(errorIn(called)).toMatchObject({
    code: 999,
    msg: expect.stringMatching(/^answer as the plugin "nosuch": .*; call it by one of flatnet, /),
  });
  expectNothing(host);
});
