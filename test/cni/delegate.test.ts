/** Delegation: which IPAM plugin is found, how another program is called, and what comes back from it. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DelegateHost, findDelegate, ipamFor } from "../../src/cni/delegate.ts";
import { CniError } from "../../src/cni/error.ts";
import type { Request } from "../../src/cni/plugin.ts";
import { startPlugin } from "../../src/cni/process.ts";
import { fileIdentity } from "../../src/sys/directories.ts";
import { attachment, notingPlugin, someResult, thrownBy } from "./stage.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "flatnet-delegate-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A delegate that is a shell script. */
function script(name: string, body: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
  return file;
}

const rawConfig =
  '{ "name": "net", "cniVersion": "1.0.0", "ipam": { "type": "x" }, "runtimeConfig": { "a": [1] } }\n';

function requestWith(changes: Partial<Request> = {}) {
  const lines: string[] = [];
  const request: Request = {
    command: "ADD",
    containerId: "c1",
    netns: "/run/netns/blue",
    ifname: "eth0",
    args: "",
    path: [folder],
    override: false,
    version: "1.0.0",
    rawConfig,
    json: JSON.parse(rawConfig),
    variables: { ...attachment, PATH: process.env.PATH, CNI_COMMAND: "ADD", CNI_PATH: folder },
    prevResult: undefined,
    validAttachments: [],
    ipam: () => ({}) as never,
    log: (line) => lines.push(line),
    ...changes,
  };
  return { request, lines };
}

const hostWith = (...names: string[]): DelegateHost => ({
  identify: fileIdentity,
  plugin: () => undefined,
  program: { version: "0", names },
});
const nothingOurs = hostWith();
const oursIsNoting = hostWith("noting");

describe("finding", () => {
  const { plugin } = notingPlugin();
  const ours: DelegateHost = { ...hostWith("host-local"), plugin: () => plugin };

  test("the first directory that has a regular file of the name wins", () => {
    const [first, second, third] = ["1", "2", "3"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    mkdirSync(join(first, "ipam"), { recursive: true });
    for (const directory of [second, third]) {
      mkdirSync(directory);
      writeFileSync(join(directory, "ipam"), "");
    }
    expect(findDelegate("ipam", [join(folder, "none"), first, second, third], nothingOurs)).toBe(
      `${second}/ipam`,
    );
  });

  test.each([
    ["", "ipam.type"],
    ["a/b", "/"],
    ["../evil", "/"],
    ["a\0b", "name"],
    ["nope", "it is not in"],
    ["..", "it is not in"],
  ])("%p is refused with code 999", (type, said) => {
    expect(thrownBy(() => findDelegate(type, [folder], nothingOurs))).toMatchObject({
      code: 999,
      msg: expect.stringContaining(said),
    });
  });

  test("no directory at all is said to be so", () => {
    expect(thrownBy(() => findDelegate("nope", [], nothingOurs))).toMatchObject({
      code: 999,
      msg: expect.stringContaining("CNI_PATH"),
    });
  });

  test("a plugin of ours that no directory has is ours", () => {
    const empty = mkdtempSync(join(folder, "empty-"));
    expect(findDelegate("host-local", [empty], ours)).toBe(plugin);
    expect(findDelegate("host-local", [], ours)).toBe(plugin);
  });

  test("another program of the same name is that program", () => {
    const file = script("host-local", "exit 0");
    expect(findDelegate("host-local", [folder], ours)).toBe(file);
  });

  test("a file that is this very executable is ours, under whatever path", () => {
    const same = { device: 1n, inode: 2n, regular: true };
    const files: Record<string, typeof same> = { "/proc/self/exe": same, "/cni/host-local": same };
    const host = { ...ours, identify: (path: string) => files[path] };
    expect(findDelegate("host-local", ["/cni"], host)).toBe(plugin);
    files["/cni/host-local"] = { ...same, device: 9n };
    expect(findDelegate("host-local", ["/cni"], host)).toBe("/cni/host-local");
  });
});

describe("another program", () => {
  const call = (name: string, changes: Partial<Request> = {}) => {
    const { request, lines } = requestWith(changes);
    return { ipam: ipamFor(request, name, nothingOurs), lines };
  };

  test("gets the configuration byte for byte, and the environment but for the command and BUN_*", () => {
    script("spy", `cat > ${folder}/spy.in; env > ${folder}/spy.env; echo '{}'`);
    const { request } = requestWith();
    const variables = {
      ...request.variables,
      CNI_COMMAND: "CHECK",
      BUN_OPTIONS: "--x",
      BUN_BE_BUN: "1",
      OTHER: "a=b",
    };
    ipamFor({ ...request, variables }, "spy", nothingOurs).add();
    const seen = readFileSync(join(folder, "spy.env"), "utf8").split("\n");
    expect(readFileSync(join(folder, "spy.in"), "utf8")).toBe(rawConfig);
    expect(seen).toContain("CNI_COMMAND=ADD");
    expect(seen).toContain("CNI_CONTAINERID=c1");
    expect(seen).toContain("OTHER=a=b");
    expect(seen.filter((line) => line.startsWith("BUN_"))).toEqual([]);
  });

  test("is called with each command", () => {
    script("verbs", `echo $CNI_COMMAND >> ${folder}/verbs.log; echo '{}'`);
    const { ipam } = call("verbs");
    ipam.add();
    ipam.check();
    ipam.status();
    ipam.gc();
    ipam.del();
    expect(readFileSync(join(folder, "verbs.log"), "utf8")).toBe("ADD\nCHECK\nSTATUS\nGC\nDEL\n");
  });

  test("may leave a large configuration unread", () => {
    script("deaf", "exit 0");
    expect(thrownBy(() => call("deaf", { rawConfig: " ".repeat(1_000_000) }).ipam.del())).toBeUndefined();
  });

  test("has its stderr passed on", () => {
    script("chatty", "echo one >&2; echo two >&2; echo '{}'");
    const { ipam, lines } = call("chatty");
    ipam.add();
    expect(lines).toEqual(["one\ntwo"]);
  });

  test.each<[string, string, unknown]>([
    ["with a version", '{"cniVersion":"0.2.0","ip4":{"ip":"10.0.0.2/8"}}', [{ address: "10.0.0.2/8" }]],
    ["without one", '{"ips":[{"address":"10.0.0.2/8"}]}', [{ address: "10.0.0.2/8" }]],
    ["null", "null", []],
  ])("gives a result: %s", (_, printed, ips) => {
    script("giver", `echo '${printed}'`);
    expect(call("giver").ipam.add().ips).toEqual(ips as never);
  });

  test.each([
    ["nothing", ""],
    ["no JSON", "garbage"],
    ["half of it", '{"ips":['],
    ["a wrong type", '{"ips":5}'],
    ["a list", "[]"],
  ])("that prints %s for a result is named with code 6", (_, printed) => {
    const file = script("babbler", `printf '%s' '${printed}'`);
    expect(thrownBy(() => call("babbler").ipam.add())).toMatchObject({
      code: 6,
      msg: expect.stringContaining(file),
    });
  });

  test("that fails with an error object has it passed on as it is", () => {
    script("typed", `echo '{"code":11,"msg":"busy","details":"d"}'; exit 1`);
    for (const verb of ["add", "del", "check", "gc", "status"] as const) {
      const thrown = thrownBy(() => call("typed").ipam[verb]());
      expect(thrown).toBeInstanceOf(CniError);
      expect(thrown).toMatchObject({ code: 11, msg: "busy", details: "d" });
    }
  });

  test.each([
    ["says why on stderr", "echo oh no >&2; exit 3", ["exit status 3", "oh no"]],
    ["says nothing", "exit 3", ["exit status 3", "without an error object"]],
    ["is killed", "kill -9 $$", ["SIGKILL"]],
    ["prints no JSON", "echo garbage; exit 1", ["garbage", "exit status 1"]],
    ["prints JSON that is no error", "echo '{}'; exit 1", ["exit status 1"]],
  ])("that fails and %s is code 0", (_, body, words) => {
    script("failing", body);
    const thrown = thrownBy(() => call("failing").ipam.del()) as CniError;
    expect(thrown.code).toBe(0);
    for (const word of words) expect(thrown.message).toContain(word);
  });

  test("that cannot be started is code 0", () => {
    writeFileSync(join(folder, "unusable"), "no program", { mode: 0o644 });
    expect(thrownBy(() => call("unusable").ipam.del())).toMatchObject({
      code: 0,
      msg: expect.stringContaining("EACCES"),
    });
  });

  test("whose ADD failed is called with DEL, and the ADD's failure is reported", () => {
    script(
      "halfway",
      `echo $CNI_COMMAND >> ${folder}/halfway.log; echo '{"code":100,"msg":"no '$CNI_COMMAND'"}'; exit 1`,
    );
    const { ipam, lines } = call("halfway");
    expect(thrownBy(() => ipam.add())).toMatchObject({ code: 100, msg: "no ADD" });
    expect(readFileSync(join(folder, "halfway.log"), "utf8")).toBe("ADD\nDEL\n");
    expect(lines.join()).toContain("no DEL");
  });
});

describe("a program that is still being written", () => {
  /** Calls a busy program; `onPause` is told of each pause and how to let go of the file. */
  function callBusy(onPause: (count: number, release: () => void) => void) {
    const file = script("busy", "echo '{}'");
    const writer = openSync(file, "r+");
    let pauses = 0;
    let open = true;
    const release = () => {
      if (open) closeSync(writer);
      open = false;
    };
    const { request } = requestWith();
    try {
      const pause = () => onPause(++pauses, release);
      return { thrown: thrownBy(() => startPlugin(file, "DEL", request, pause)), pauses };
    } finally {
      release();
    }
  }

  test("is tried again", () => {
    expect(callBusy((_, release) => release())).toEqual({ thrown: undefined, pauses: 1 });
  });

  test("is given up as an error after six tries", () => {
    const { thrown, pauses } = callBusy(() => {});
    expect(thrown).toMatchObject({ code: 0, msg: expect.stringContaining("ETXTBSY") });
    expect(pauses).toBe(5);
  });
});

describe("a plugin of ours", () => {
  function inProcess(changes: Parameters<typeof notingPlugin>[0] = {}, version = "1.1.0") {
    const { plugin, calls, commands } = notingPlugin(changes);
    const { request } = requestWith({ path: [], version });
    return { ipam: ipamFor(request, "noting", { ...oursIsNoting, plugin: () => plugin }), calls, commands };
  }

  test("is called with each command, the same request, and its own configuration", () => {
    const { ipam, calls, commands } = inProcess({ configure: () => ({ name: "checked" }) });
    expect(ipam.add()).toEqual(someResult);
    ipam.check();
    ipam.status();
    ipam.gc();
    ipam.del();
    expect(commands()).toEqual(["ADD", "CHECK", "STATUS", "GC", "DEL"]);
    expect(calls[0]).toMatchObject({ containerId: "c1", rawConfig, config: { name: "checked" } });
  });

  test("that gives no addresses is not asked: it would ask for some in turn, and so for ever", () => {
    expect(
      thrownBy(() => findDelegate("noting", [], { ...oursIsNoting, plugin: () => undefined })),
    ).toMatchObject({
      code: 999,
      msg: 'find the plugin "noting": it gives no addresses; set ipam.type to an IPAM plugin',
    });
  });

  test("has its errors passed on", () => {
    const error = new CniError({ code: 50, cause: "range exhausted" });
    const { ipam } = inProcess({
      add: () => {
        throw error;
      },
    });
    expect(thrownBy(() => ipam.add())).toBe(error);
  });

  test("is not called with DEL after a failed ADD: it has undone that itself, and may hold an older address", () => {
    const { ipam, commands } = inProcess({
      add: () => {
        throw new CniError({ code: 999, cause: "already has an address" });
      },
    });
    thrownBy(() => ipam.add());
    expect(commands()).toEqual([]);
  });

  test("that does not speak the version is code 1", () => {
    const { ipam } = inProcess({ versions: ["0.4.0"] });
    expect(thrownBy(() => ipam.add())).toMatchObject({ code: 1 });
  });
});
