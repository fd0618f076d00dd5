/** The demo as a stranger starts it: what it shows, with which exit code, and that it cannot be green for nothing. */
import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needs } from "../needs.ts";
import { ourPlugins } from "../plugins/executable.ts";

const scratch = mkdtempSync(join(tmpdir(), "flatnet-test-demo-"));
afterAll(() => rmSync(scratch, { recursive: true }));

interface Start {
  readonly plugins?: string;
  /** The program that starts it, with its arguments. */
  readonly by?: readonly string[];
  readonly options?: readonly string[];
}

function demo({ plugins = ourPlugins(), by = [], options = [] }: Start = {}) {
  const command = [...by, process.execPath, "demo/demo.ts", ...options];
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, {
    cwd: join(import.meta.dir, "../.."),
    env: { ...process.env, FLATNET_PLUGINS: plugins, NO_COLOR: "1", TMPDIR: scratch },
    stderr: "pipe",
  });
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

/** A directory of plugins with a `flatnet` that is this shell script. */
function scripted(script: string): string {
  const directory = mkdtempSync(join(scratch, "plugins-"));
  writeFileSync(join(directory, "flatnet"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(directory, "flatnet"), 0o755);
  return directory;
}

/** The lines of a section, without those that are empty. */
function section(text: string, heading: string): string[] {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.startsWith(heading));
  const length = lines.slice(start + 1).findIndex((line) => /^\S/.test(line));
  return lines.slice(start + 1, start + 1 + length).filter((line) => line !== "");
}

function expectWholePicture(text: string): void {
  expect(text).not.toContain("✗");
  expect(section(text, "The network").join("\n")).toMatch(/eth0 10\.87\.1\.2\/24 .* eth0 10\.87\.1\.50\/24 /);
  expect(
    section(text, "Who reaches whom")
      .join("\n")
      .match(/✓ \d+\.\d+ ms/g),
  ).toHaveLength(9);
  const ways = section(text, "A published port");
  for (const from of ["outside   192.0.2.1", "the host  192.0.2.1", "the host  127.0.0.1", "db ", "web "]) {
    expect(ways).toContainEqual(expect.stringMatching(RegExp(`✓  from ${from}.*8080  web answers`)));
  }
  expect(ways).toContainEqual(expect.stringMatching(/✓ {2}from outside .*:8081 {2}no answer/));
  const masqueraded = section(text, "The world outside").filter((line) =>
    line.endsWith("outside answers, asked by 192.0.2.1"),
  );
  expect(masqueraded).toHaveLength(3);
}

const live = needs("namespaces");
const asUser = needs("namespaces", "program:setpriv");
const podman = needs(
  "root",
  ...(["podman", "crun", "busybox", "ip"] as const).map((name) => `program:${name}` as const),
);

live.test("three containers are attached, reached, checked and removed", () => {
  const { exitCode, stdout, stderr } = demo();
  expect(stderr).toBe("");
  expectWholePicture(stdout);
  expect(section(stdout, "CHECK").join("\n")).toMatch(
    /✓ cache, while its .* route to 0\.0\.0\.0\/0 via 10\.87\.1\.1/s,
  );
  const conversation = section(stdout, "The netlink of one ADD").join("\n");
  expect(conversation).toMatch(/newroute +oif \d+, gateway 10\.87\.1\.1 +→ ok/);
  expect(conversation).toMatch(/^ +0040 {2}08 00 01 00 +kind attribute 1, 4 bytes$/m);
  const left = section(stdout, "DEL, and what is left").join("\n");
  for (const thing of ["ports of bridges", "firewall elements", "leased addresses"])
    expect(left).toMatch(RegExp(`✓  ${thing} +0 +[38] +0$`, "m"));
  expect(
    section(stdout, "Time of each call")
      .join("\n")
      .match(/\d+\.\d ms/g),
  ).toHaveLength(9);
  expect(stdout).toEndWith("Everything was as it should be.\n\n");
  expect(exitCode).toBe(0);
});

asUser.test("a user without rights over the machine sees the same in a user namespace", () => {
  const { exitCode, stdout } = demo({
    by: ["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"],
  });
  expect(stdout).toContain("root of a user namespace");
  expectWholePicture(stdout);
  expect(exitCode).toBe(0);
});

live.test("--trace prints requests and answers of one ADD with their bytes", () => {
  const { exitCode, stdout } = demo({ options: ["--trace"] });
  const trace = section(stdout, "The netlink of one ADD");
  expect(trace).toContainEqual(expect.stringMatching(/^ {2}host route > sent$/));
  expect(trace).toContainEqual(expect.stringMatching(/^ {2}container route < received$/));
  expect(trace).toContainEqual(expect.stringMatching(/^ {2}0010 {2}00 00 00 00 +no error$/));
  expect(exitCode).toBe(0);
});

live.test("an ADD that fails is shown with the plugin's words, and the exit code is 1", () => {
  const refusing = scripted(`echo '{"code": 999, "msg": "made to fail", "details": "for a test"}'; exit 1`);
  const { exitCode, stdout } = demo({ plugins: refusing });
  expect(stdout).toContain("✗ ADD of web: made to fail (for a test), code 999");
  expect(exitCode).toBe(1);
});

live.test("a plugin that makes nothing, and says it did, is found out", () => {
  const result = `{"cniVersion":"1.0.0","interfaces":[{"name":"eth0","mac":"02:00:00:00:00:01","sandbox":"'$CNI_NETNS'"}],"ips":[{"address":"10.87.1.2/24"}]}`;
  const lying = scripted(`[ "$CNI_COMMAND" = ADD ] && echo '${result}'; exit 0`);
  const { exitCode, stdout } = demo({ plugins: lying });
  expect(section(stdout, "The network").join("\n")).toContain("no port");
  expect(section(stdout, "A published port").filter((line) => line.includes("✗"))).toHaveLength(5);
  expect(section(stdout, "The world outside").filter((line) => line.includes("✗"))).toHaveLength(3);
  expect(exitCode).toBe(1);
});

podman.test(
  "--podman shows the same with real containers",
  () => {
    const { exitCode, stdout, stderr } = demo({ options: ["--podman"] });
    expect(stderr).toBe("");
    expect(stdout).toMatch(/✓ web answers +✓ db answers +✓ cache answers/);
    expect(stdout).toMatch(/✓ {2}ports of bridges +0 +3 +0$/m);
    expect(exitCode).toBe(0);
  },
  60_000,
);

test("a machine that lacks what --podman needs is told so", () => {
  const { exitCode, stderr } = Bun.spawnSync([process.execPath, "demo/podman.ts", "dist/cni"], {
    cwd: join(import.meta.dir, "../.."),
    env: { PATH: scratch },
  });
  expect(stderr.toString()).toMatch(/needs root and podman, .* missing: .*podman, crun/);
  expect(exitCode).toBe(1);
});
