/** The demo's runtime against the CNI specification: what each plugin of a list is given, and in which order. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Attachment, Runtime } from "../../demo/runtime.ts";

const directory = mkdtempSync(join(tmpdir(), "flatnet-test-runtime-"));
afterAll(() => rmSync(directory, { recursive: true }));
const notes = join(directory, "notes");
const conflist = join(directory, "test.conflist");

/** A plugin that notes its call, and answers an ADD with an address that tells whose answer it is. */
const noting = (address: string, fails = "") => `#!/bin/sh
echo "$CNI_COMMAND \${0##*/} $CNI_CONTAINERID $CNI_NETNS $CNI_IFNAME $CNI_PATH $(/bin/cat)" >>${notes}
${fails}
[ "$CNI_COMMAND" != ADD ] || echo '{"cniVersion":"1.0.0","interfaces":[],"ips":[{"address":"${address}"}]}'
`;

function plugin(name: string, script: string): void {
  writeFileSync(join(directory, name), script);
  chmodSync(join(directory, name), 0o755);
}

const attachment: Attachment = {
  containerId: "c1",
  netns: "/run/netns/c1",
  ifname: "eth0",
  wishes: { mac: "02:00:00:00:00:01", ips: ["10.1.2.3"] },
};

/** The calls so far: the command and the plugin, and what it found on standard input. */
function calls(): { call: string; config: unknown }[] {
  const lines = readFileSync(notes, "utf8").trimEnd().split("\n");
  return lines.map((line) => {
    const [command, name, ...rest] = line.split(" ");
    expect(rest.slice(0, 4)).toEqual(["c1", "/run/netns/c1", "eth0", directory]);
    return { call: `${command} ${name}`, config: JSON.parse(rest.slice(4).join(" ")) };
  });
}

const list = { cniVersion: "1.0.0", name: "test" };
const first = { type: "first", capabilities: { mac: true, ips: false }, mtu: 1400 };
const second = { type: "second" };
const resultOf = (address: string) => ({ cniVersion: "1.0.0", interfaces: [], ips: [{ address }] });

beforeEach(() => {
  writeFileSync(notes, "");
  writeFileSync(conflist, JSON.stringify({ ...list, plugins: [first, second] }));
  plugin("first", noting("10.0.0.1/8"));
  plugin("second", noting("10.0.0.2/8"));
});

test("ADD hands each plugin its own keys, the capabilities that it declares, and the result before it", () => {
  const result = new Runtime(conflist, directory).add(attachment);
  expect(calls()).toEqual([
    { call: "ADD first", config: { ...list, ...first, runtimeConfig: { mac: "02:00:00:00:00:01" } } },
    { call: "ADD second", config: { ...list, ...second, prevResult: resultOf("10.0.0.1/8") } },
  ]);
  expect(result.ips).toEqual([{ address: "10.0.0.2/8" }]);
});

test("CHECK goes in order and DEL in reverse, both with the final result of ADD", () => {
  const runtime = new Runtime(conflist, directory);
  runtime.add(attachment);
  runtime.check(attachment);
  runtime.delete(attachment);
  const later = calls().slice(2);
  expect(later.map(({ call }) => call)).toEqual(["CHECK first", "CHECK second", "DEL second", "DEL first"]);
  for (const { config } of later) expect(config).toMatchObject({ prevResult: resultOf("10.0.0.2/8") });
});

test("an ADD that fails is followed by DEL of every plugin, and the plugin's words are given", () => {
  plugin("second", noting("", `[ "$CNI_COMMAND" = DEL ] || { echo '{"code": 11, "msg": "busy"}'; exit 1; }`));
  expect(() => new Runtime(conflist, directory).add(attachment)).toThrow("ADD of c1: busy, code 11");
  expect(calls().map(({ call }) => call)).toEqual(["ADD first", "ADD second", "DEL second", "DEL first"]);
});
