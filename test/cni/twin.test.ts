/** The same calls to the Go reference plugins and to this protocol layer: exit codes, error codes and results agree. */

import { expect } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArguments } from "../../src/cni/arguments.ts";
import { ipamFor } from "../../src/cni/delegate.ts";
import { serve } from "../../src/cni/dispatch.ts";
import type { NetworkConfig, Plugin } from "../../src/cni/plugin.ts";
import { type IpConfig, parseResult } from "../../src/cni/result.ts";
import { specVersions } from "../../src/cni/versions.ts";
import { fileIdentity } from "../../src/sys/directories.ts";
import { needs } from "../needs.ts";
import { attachment, notingPlugin, stage } from "./stage.ts";

const goStatic = "/usr/lib/cni/static";
const goMacvlan = "/usr/lib/cni/macvlan";
const twin = needs(`file:${goStatic}`, `file:${goMacvlan}`);

/** What a call ended with, as a runtime sees it. */
interface Ending {
  readonly exit: number;
  readonly stdout: string;
}

function callGo(program: string, variables: Record<string, string>, stdin: string): Ending {
  const child = Bun.spawnSync([program], { env: variables, stdin: new TextEncoder().encode(stdin) });
  return { exit: child.exitCode, stdout: child.stdout.toString() };
}

/** Debian's plugins speak 1.0.0 and not yet 1.1.0. */
const sharedVersions = specVersions.filter((version) => version !== "1.1.0");

interface StaticConfig extends NetworkConfig {
  readonly ipam?: {
    readonly type: string;
    readonly addresses?: IpConfig[];
    readonly routes?: unknown;
    readonly dns?: unknown;
  };
}

/** The static plugin in as many lines as the comparison needs. */
const ourStatic: Plugin<StaticConfig> = {
  name: "static",
  versions: sharedVersions,
  configure: (json) => json as StaticConfig,
  add({ config, args }) {
    const { IP: more } = parseArguments(args, ["IP", "GATEWAY"]);
    const { addresses = [], routes, dns } = config.ipam ?? {};
    const ips = [...addresses, ...(more ? more.split(",").map((address) => ({ address })) : [])];
    return parseResult({ ips, routes, dns }, "1.0.0");
  },
  del() {},
  check({ prevResult }) {
    if (prevResult === undefined) throw new Error("no prevResult");
  },
};

function callBoth(variables: Record<string, string>, config: unknown): { go: Ending; ours: Ending } {
  const stdin = typeof config === "string" ? config : JSON.stringify(config);
  const { host, written } = stage(variables, stdin);
  const exit = serve(ourStatic, host);
  return { go: callGo(goStatic, variables, stdin), ours: { exit, stdout: written.stdout } };
}

const codeOf = ({ stdout }: Ending): number => JSON.parse(stdout).code;

const config = (version: string, more: object = {}) => ({ name: "net", cniVersion: version, ...more });
const ipam = {
  type: "static",
  addresses: [{ address: "10.1.2.3/24", gateway: "10.1.2.1" }, { address: "2001:DB8::0:5/64" }],
  routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0", gw: "2001:db8::1" }],
  dns: { nameservers: ["1.1.1.1"], domain: "a<b>&c", search: [] },
};

twin.describe("an ADD gives the same result", () => {
  twin.test.each(["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0"])("%s: byte for byte", (version) => {
    const { go, ours } = callBoth({ ...attachment, CNI_COMMAND: "ADD" }, config(version, { ipam }));
    expect(ours).toEqual(go);
  });

  twin.test("1.0.0: the same value", () => {
    const { go, ours } = callBoth({ ...attachment, CNI_COMMAND: "ADD" }, config("1.0.0", { ipam }));
    expect(JSON.parse(ours.stdout)).toEqual(JSON.parse(go.stdout));
  });

  twin.test("without dns, 1.0.0 leaves it out, which the Go plugins do since a later release", () => {
    const bare = { type: "static", addresses: ipam.addresses };
    const { go, ours } = callBoth({ ...attachment, CNI_COMMAND: "ADD" }, config("1.0.0", { ipam: bare }));
    expect({ ...JSON.parse(ours.stdout), dns: {} }).toEqual(JSON.parse(go.stdout));
  });
});

twin.describe("a mistake gives the same error code", () => {
  const add = { ...attachment, CNI_COMMAND: "ADD" };
  const check = { ...attachment, CNI_COMMAND: "CHECK" };

  twin.test.each<[string, Record<string, string>, unknown]>([
    ["no variables but the command", { CNI_COMMAND: "ADD" }, config("1.0.0")],
    ["no namespace on CHECK", { ...check, CNI_NETNS: "" }, config("1.0.0")],
    ["an unknown command", { ...attachment, CNI_COMMAND: "NOPE" }, config("1.0.0")],
    ["an unknown command without a name", { ...attachment, CNI_COMMAND: "NOPE" }, {}],
    ["a bad container id", { ...add, CNI_CONTAINERID: "a/b" }, config("1.0.0", { ipam })],
    ["a bad interface name", { ...add, CNI_IFNAME: "a:b" }, config("1.0.0", { ipam })],
    ["an interface name of 16 bytes", { ...add, CNI_IFNAME: "0123456789abcdef" }, config("1.0.0", { ipam })],
    ["an empty stdin", add, ""],
    ["half of a configuration", add, "{"],
    ["a list", add, []],
    ["null", add, null],
    ["a number", add, 5],
    ["a number for the name", add, { name: 5 }],
    ["no name", add, {}],
    ["a name with a slash", add, { name: "te/st" }],
    ["an unknown version", add, config("9.9.9")],
    ["a malformed version", add, config("adsf")],
    ["a number for the version", add, { name: "net", cniVersion: 5 }],
    ["CHECK of 0.3.1", check, config("0.3.1")],
    ["CHECK of a malformed version", check, config("adsf")],
    ["CHECK of a version with four parts", check, config("1.0.0.0")],
    ["CHECK of a newer version", check, config("1.2.0")],
    ["CHECK of a version that only looks right", check, config("0.4.5")],
    ["a result without addresses for 0.2.0", add, config("0.2.0", { ipam: { type: "static" } })],
  ])("%s", (_, variables, given) => {
    const { go, ours } = callBoth(variables, given);
    expect({ exit: ours.exit, code: codeOf(ours) }).toEqual({ exit: go.exit, code: codeOf(go) });
  });

  twin.test("and for an unknown command the very words that old runtimes look for", () => {
    const { go, ours } = callBoth({ ...attachment, CNI_COMMAND: "NOPE" }, config("1.0.0"));
    expect(ours).toEqual(go);
  });
});

twin.describe("CNI_ARGS is taken and refused alike", () => {
  twin.test.each([
    ...[
      "IP=10.0.0.1/8",
      "IP=",
      "X=1",
      "X=1;IgnoreUnknown=1",
      "IgnoreUnknown=TRUE;X=1",
      "X=1;IgnoreUnknown=false",
    ],
    ...["IgnoreUnknown=maybe", "IgnoreUnknown=", "K", "K=", "A=B=C", "IP=10.0.0.1/8;", "ip=10.0.0.1/8", ";"],
    ...["IgnoreUnknown=1;A=B=C", "IP=10.0.0.1/8;IP=10.0.0.2/8"],
  ])("%p", (args) => {
    const variables = { ...attachment, CNI_COMMAND: "ADD", CNI_ARGS: args };
    const { go, ours } = callBoth(variables, config("1.0.0", { ipam }));
    expect(ours.exit).toBe(go.exit);
    expect(JSON.parse(ours.stdout).ips).toEqual(JSON.parse(go.stdout).ips);
  });
});

twin.describe("prevResult is taken and refused alike", () => {
  twin.test.each<[string, unknown]>([
    ["1.0.0", { cniVersion: "1.0.0", ips: [{ address: "10.1.2.3/24", gateway: "10.1.2.1" }] }],
    ["1.0.0", { ips: [{ address: "10.1.2.3/24", gateway: "10.1.2.1" }] }],
    ["0.4.0", { cniVersion: "0.3.1", ips: [{ version: "4", address: "10.1.2.3/24", gateway: "10.1.2.1" }] }],
    ["1.0.0", { cniVersion: "0.3.1" }],
    ["0.4.0", { cniVersion: "1.0.0" }],
    ["1.0.0", { cniVersion: "7.7.7" }],
    ["1.0.0", { ips: [{ address: "10.1.2.3" }] }],
    ["1.0.0", { ips: [{ address: 5 }] }],
    ["1.0.0", { ips: 5 }],
    ["1.0.0", 5],
  ])("under %s: %j", (version, prevResult) => {
    const variables = { ...attachment, CNI_COMMAND: "CHECK" };
    const { go, ours } = callBoth(variables, config(version, { ipam, prevResult }));
    expect(ours.exit).toBe(go.exit);
  });
});

twin.describe("VERSION and no command at all", () => {
  twin.test("the same versions on one line", () => {
    const { go, ours } = callBoth({ CNI_COMMAND: "VERSION" }, "");
    expect(JSON.parse(ours.stdout).supportedVersions).toEqual(JSON.parse(go.stdout).supportedVersions);
    expect(ours.stdout.replace("1.1.0", "1.0.0")).toBe(go.stdout);
  });

  twin.test("two lines on stderr, the second the same", () => {
    const child = Bun.spawnSync([goStatic], { env: {}, stderr: "pipe" });
    const { host, written } = stage({});
    expect([serve(ourStatic, host), written.stdout]).toEqual([child.exitCode, child.stdout.toString()]);
    expect(written.stderr.split("\n").slice(1)).toEqual(child.stderr.toString().split("\n").slice(1));
    expect(written.stderr).toStartWith("CNI static plugin v");
  });
});

twin.describe("a delegate that fails gives the same code through Go's macvlan and through us", () => {
  twin.test.each([
    ["with an error object", `echo '{"code":11,"msg":"busy","details":"d"}'; exit 1`],
    ["with words on stderr", "echo oh no >&2; exit 3"],
    ["in silence", "exit 3"],
    ["with garbage", "echo garbage; exit 1"],
  ])("%s", (_, body) => {
    const folder = mkdtempSync(join(tmpdir(), "flatnet-twin-"));
    try {
      writeFileSync(join(folder, "ipam"), `#!/bin/sh\n${body}\n`);
      chmodSync(join(folder, "ipam"), 0o755);
      const variables = { ...attachment, CNI_COMMAND: "DEL", CNI_NETNS: "", CNI_PATH: folder, PATH: "/bin" };
      // Without a master the plugin looks for the default route, which not every machine has.
      const given = JSON.stringify(config("1.0.0", { master: "lo", ipam: { type: "ipam" } }));
      const { plugin } = notingPlugin({ del: (call) => call.ipam("ipam").del() });
      const { host, written } = stage(variables, given, { identify: fileIdentity });
      const exit = serve(plugin, host);
      const go = callGo(goMacvlan, variables, given);
      expect({ exit, code: JSON.parse(written.stdout).code }).toEqual({ exit: go.exit, code: codeOf(go) });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

twin.test("Go's static as our delegate gives its addresses", () => {
  const raw = JSON.stringify(config("0.4.0", { ipam }));
  const variables = { ...attachment, CNI_COMMAND: "ADD", CNI_PATH: "/usr/lib/cni" };
  const { plugin, calls } = notingPlugin();
  const { host } = stage(variables, raw, { identify: fileIdentity });
  expect(serve(plugin, host)).toBe(0);
  expect(ipamFor(calls[0]!, "static", host).add().ips).toEqual([
    { interface: undefined, address: "10.1.2.3/24", gateway: "10.1.2.1" },
    { interface: undefined, address: "2001:db8::5/64", gateway: undefined },
  ]);
});
