/** The protocol as a runtime sees it: stdout, stderr and exit code for each command and each mistake. */
import { describe, expect, test } from "bun:test";
import { SystemError } from "../../netlink/errors.ts";
import { serve } from "../../src/cni/dispatch.ts";
import { CniError } from "../../src/cni/error.ts";
import type { Host } from "../../src/cni/host.ts";
import type { Plugin } from "../../src/cni/plugin.ts";
import { specVersions } from "../../src/cni/versions.ts";
import { attachment, notingPlugin, someResult, stage } from "./stage.ts";

/** One call with everything in order but for what the arguments change. */
function call(
  command: string,
  config: unknown = { name: "net", cniVersion: "1.1.0", "cni.dev/valid-attachments": null },
  changes: { plugin?: Partial<Plugin>; variables?: Record<string, string>; host?: Partial<Host> } = {},
) {
  const { plugin, calls, commands } = notingPlugin(changes.plugin);
  const variables = { ...attachment, CNI_COMMAND: command, ...changes.variables };
  const { host, written } = stage(variables, config, changes.host);
  const exit = serve(plugin, host);
  return { exit, calls, commands: commands(), ...written };
}

const unreadable = {
  readStdin: (): string => {
    throw new Error("stdin is broken");
  },
};

describe("success", () => {
  test("ADD prints the result in the configuration's version", () => {
    const { exit, stdout, stderr } = call("ADD", { name: "net", cniVersion: "0.2.0" });
    expect(JSON.parse(stdout)).toEqual({
      cniVersion: "0.2.0",
      ip4: { ip: "10.1.2.3/24", gateway: "10.1.2.1", routes: [{ dst: "0.0.0.0/0" }] },
      dns: {},
    });
    expect([exit, stderr]).toEqual([0, ""]);
    expect(stdout).not.toEndWith("\n");
  });

  test.each(["DEL", "CHECK", "GC", "STATUS"])("%s prints nothing", (command) => {
    expect(call(command)).toMatchObject({ exit: 0, stdout: "", stderr: "", commands: [command] });
  });

  test("VERSION prints one line and does not read stdin", () => {
    const { exit, stdout, calls } = call("VERSION", {}, { host: unreadable });
    expect(stdout).toBe(
      '{"cniVersion":"1.1.0","supportedVersions":["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]}\n',
    );
    expect([exit, calls.length]).toEqual([0, 0]);
  });

  test("VERSION needs no other variable, and lists the plugin's own versions", () => {
    const { plugin } = notingPlugin({ versions: ["0.4.0"] });
    const { host, written } = stage({ CNI_COMMAND: "VERSION" });
    expect(serve(plugin, host)).toBe(0);
    expect(written.stdout).toBe('{"cniVersion":"1.1.0","supportedVersions":["0.4.0"]}\n');
  });

  test.each(["CHECK", "GC", "STATUS"])(
    "%s succeeds in silence where the plugin has nothing for it",
    (command) => {
      const { plugin } = notingPlugin();
      const { name, versions, configure, add, del } = plugin;
      const { host, written } = stage(
        { ...attachment, CNI_COMMAND: command },
        { name: "net", cniVersion: "1.1.0", "cni.dev/valid-attachments": [] },
      );
      expect(serve({ name, versions, configure, add, del }, host)).toBe(0);
      expect(written).toEqual({ stdout: "", stderr: "" });
    },
  );
});

describe("CNI_COMMAND is not set", () => {
  test.each<[string, Record<string, string>]>([
    ["absent", {}],
    ["empty", { CNI_COMMAND: "" }],
  ])("%s: about and versions on stderr, exit 0", (_, variables) => {
    const { host, written } = stage(variables, {}, unreadable);
    expect(serve(notingPlugin().plugin, host)).toBe(0);
    expect(written).toEqual({
      stdout: "",
      stderr: `CNI noting plugin v1.2.3 (flatnet)\nCNI protocol versions supported: ${specVersions.join(", ")}\n`,
    });
  });

  test("on a terminal it also says where to put the program and what it is called with", () => {
    const { host, written } = stage({}, {}, { terminal: true });
    expect(serve(notingPlugin().plugin, host)).toBe(0);
    expect(written.stdout).toBe("");
    for (const word of ["/opt/cni/bin", "/etc/cni/net.d", "flatnet, bridge", "CNI_CONTAINERID", "CHECK"]) {
      expect(written.stderr).toContain(word);
    }
  });
});

describe("mistakes end with exit 1, an error object and no call of the plugin", () => {
  const good = { name: "net", cniVersion: "1.1.0" };

  test.each<
    [what: string, code: number, command: string, config: unknown, variables?: Record<string, string>]
  >([
    ["an unknown command", 4, "NOPE", good],
    ["a command in lower case", 4, "add", good],
    ["an unknown command with a bad configuration", 7, "NOPE", {}],
    ["a container id with a slash", 4, "ADD", good, { CNI_CONTAINERID: "a/b" }],
    ["an interface name of 16 bytes", 4, "ADD", good, { CNI_IFNAME: "0123456789abcdef" }],
    ["a missing variable", 4, "ADD", good, { CNI_NETNS: "" }],
    ["an empty stdin", 6, "ADD", ""],
    ["half of a configuration", 6, "ADD", '{"name":"net"'],
    ["a list for a configuration", 6, "ADD", []],
    ["a number for a configuration", 6, "ADD", 5],
    ["a number for the name", 6, "ADD", { name: 5 }],
    ["no name", 7, "ADD", {}],
    ["null for a configuration", 7, "ADD", null],
    ["a name with a slash", 7, "DEL", { name: "te/st" }],
    ["a version that is not text", 6, "ADD", { name: "net", cniVersion: 1 }],
    ["a version that does not exist", 1, "ADD", { name: "net", cniVersion: "9.9.9" }],
    ["a malformed version on ADD", 1, "ADD", { name: "net", cniVersion: "adsfasdf" }],
    ["a malformed version on DEL", 1, "DEL", { name: "net", cniVersion: "adsfasdf" }],
    ["a malformed version on CHECK", 6, "CHECK", { name: "net", cniVersion: "adsfasdf" }],
    ["a malformed version on GC", 6, "GC", { name: "net", cniVersion: "adsfasdf" }],
    ["a malformed version on STATUS", 6, "STATUS", { name: "net", cniVersion: "adsfasdf" }],
    ["CHECK before 0.4.0", 1, "CHECK", { name: "net", cniVersion: "0.3.1" }],
    ["CHECK without a version", 1, "CHECK", { name: "net" }],
    ["GC before 1.1.0", 1, "GC", { name: "net", cniVersion: "1.0.0" }],
    ["STATUS before 1.1.0", 1, "STATUS", { name: "net", cniVersion: "1.0.0" }],
    ["a version that only looks right", 1, "CHECK", { name: "net", cniVersion: "0.4.5" }],
    ["ADD into the plugin's own namespace", 8, "ADD", good, { CNI_NETNS: "/proc/self/ns/net" }],
    ["DEL from the plugin's own namespace", 8, "DEL", good, { CNI_NETNS: "/proc/self/ns/net" }],
    ["a prevResult of another family", 6, "ADD", { ...good, prevResult: { cniVersion: "0.4.0" } }],
    ["a prevResult that is text", 6, "CHECK", { ...good, prevResult: "x" }],
    ["GC with broken attachments", 6, "GC", { ...good, "cni.dev/valid-attachments": [{ containerID: "a" }] }],
  ])("%s: code %d", (_, code, command, config, variables = {}) => {
    const { exit, stdout, calls } = call(command, config, { variables });
    expect(JSON.parse(stdout)).toMatchObject({ code, msg: expect.stringMatching(/./) });
    expect([exit, calls.length]).toEqual([1, 0]);
  });

  test("old runtimes know a plugin without VERSION by these very words", () => {
    expect(JSON.parse(call("NOPE").stdout)).toEqual({ code: 4, msg: "unknown CNI_COMMAND: NOPE" });
  });

  test("a stdin that cannot be read: code 5", () => {
    const { exit, stdout } = call("ADD", {}, { host: unreadable });
    expect(JSON.parse(stdout)).toMatchObject({ code: 5, msg: expect.stringContaining("stdin is broken") });
    expect(exit).toBe(1);
  });

  test("the details of a wrong version name it and what is supported", () => {
    const plugin = { versions: ["0.3.0", "0.3.1"] };
    const { details } = JSON.parse(call("ADD", { name: "net", cniVersion: "1.0.0" }, { plugin }).stdout);
    expect(details).toContain('"1.0.0"');
    expect(details).toContain("0.3.0, 0.3.1");
  });
});

describe("versions", () => {
  test.each(specVersions)("ADD of %s reaches the plugin", (version) => {
    const { exit, calls } = call("ADD", { name: "net", cniVersion: version });
    expect([exit, calls[0]?.version]).toEqual([0, version]);
  });

  test.each([{ name: "net" }, { name: "net", cniVersion: "" }, { name: "net", cniVersion: null }])(
    "%j means 0.1.0",
    (config) => {
      expect(call("ADD", config).calls[0]?.version).toBe("0.1.0");
      expect(JSON.parse(call("ADD", config, { plugin: { versions: ["1.0.0"] } }).stdout)).toMatchObject({
        code: 1,
      });
    },
  );

  test("a plugin older than the configuration refuses CHECK", () => {
    const plugin = { versions: ["0.3.0", "0.3.1"] };
    const { exit, stdout } = call("CHECK", { name: "net", cniVersion: "0.4.0" }, { plugin });
    expect([exit, JSON.parse(stdout).code]).toEqual([1, 1]);
  });
});

describe("the plugin's own namespace", () => {
  const own = { CNI_NETNS: "/proc/self/ns/net" };

  test.each(["TRUE", "1"])("is allowed with CNI_NETNS_OVERRIDE=%s", (override) => {
    const variables = { ...own, CNI_NETNS_OVERRIDE: override };
    expect(call("ADD", undefined, { variables })).toMatchObject({ exit: 0, commands: ["ADD"] });
  });

  test("does not matter to CHECK", () => {
    expect(call("CHECK", undefined, { variables: own })).toMatchObject({ exit: 0, commands: ["CHECK"] });
  });

  test("a namespace that is not there is the plugin's business", () => {
    expect(call("ADD", undefined, { variables: { CNI_NETNS: "/nowhere" } }).commands).toEqual(["ADD"]);
    expect(call("DEL", undefined, { variables: { CNI_NETNS: "" } }).commands).toEqual(["DEL"]);
  });
});

describe("what the plugin is called with", () => {
  test("the environment, the configuration as received and decoded, and prevResult in today's form", () => {
    const text = '{ "name":"net","CNIVERSION":"0.2.0", "prevResult":{"ip4":{"ip":"10.0.0.2/8"}} }\n';
    const variables = { CNI_ARGS: "IgnoreUnknown=1", OTHER: "kept", CNI_PATH: "/a:/b" };
    const { calls } = call("ADD", text, { variables });
    expect(calls[0]).toMatchObject({
      command: "ADD",
      containerId: "c1",
      netns: "/run/netns/blue",
      ifname: "eth0",
      args: "IgnoreUnknown=1",
      path: ["/a", "/b"],
      rawConfig: text,
      version: "0.2.0",
      variables: { OTHER: "kept" },
      prevResult: { interfaces: [], ips: [{ address: "10.0.0.2/8" }], routes: [], dns: {} },
      validAttachments: [],
    });
  });

  test("the configuration that its schema gives", () => {
    const { calls } = call("ADD", undefined, { plugin: { configure: () => ({ name: "checked" }) } });
    expect(calls[0]?.config).toEqual({ name: "checked" });
  });

  test("of two spellings of a key the later one", () => {
    const text = '{"name":"net","cniVersion":"9.9.9","CNIVersion":"1.0.0"}';
    expect(call("ADD", text).calls[0]?.version).toBe("1.0.0");
  });

  test("no prevResult on DEL when it cannot be read, so that there is a way to remove the attachment", () => {
    const config = { name: "net", cniVersion: "1.0.0", prevResult: { cniVersion: "0.4.0" } };
    const { exit, calls, stderr } = call("DEL", config);
    expect([exit, calls.length, calls[0]?.prevResult]).toEqual([0, 1, undefined]);
    expect(stderr).toContain("0.4.0");
  });
});

describe("GC", () => {
  const base = { name: "net", cniVersion: "1.1.0" };
  const list = [{ containerID: "a", ifname: "eth0" }];
  const other = [{ containerID: "b", ifname: "eth0" }];

  test.each<[string, object, object[]]>([
    ["the specification's key", { "cni.dev/valid-attachments": list }, list],
    ["the drafts' key", { "cni.dev/attachments": list }, list],
    ["both", { "cni.dev/attachments": other, "cni.dev/valid-attachments": list }, list],
    ["null, which is how an empty list is sent", { "cni.dev/valid-attachments": null }, []],
  ])("takes the attachments that still exist from %s", (_, keys, attachments) => {
    expect(call("GC", { ...base, ...keys }).calls[0]?.validAttachments).toEqual(attachments as never);
  });

  test("without any list removes nothing, since everything would be stale", () => {
    const { exit, commands, stdout, stderr } = call("GC", base);
    expect([exit, commands, stdout]).toEqual([0, [], ""]);
    expect(stderr).toContain("attachments");
  });
});

describe("the plugin fails", () => {
  const failing = (thrown: unknown) => ({
    add: () => {
      throw thrown;
    },
  });

  test("a typed error goes out as it is", () => {
    const error = new CniError({ code: 11, cause: "busy", details: "lock held" });
    const { exit, stdout } = call("ADD", undefined, { plugin: failing(error) });
    expect([exit, stdout]).toEqual([
      1,
      '{\n    "code": 11,\n    "msg": "busy",\n    "details": "lock held"\n}',
    ]);
  });

  test("anything else is code 999, its stack only on stderr", () => {
    const { exit, stdout, stderr } = call("ADD", undefined, {
      plugin: failing(new TypeError("x is not a y")),
    });
    expect(JSON.parse(stdout)).toMatchObject({ code: 999, msg: expect.stringContaining("x is not a y") });
    expect(stdout).not.toContain("dispatch.test");
    expect(stderr).toContain("dispatch.test");
    expect(exit).toBe(1);
  });
});

describe("STATUS", () => {
  const status = (thrown: unknown) => {
    const throws = (): never => {
      throw thrown;
    };
    return JSON.parse(call("STATUS", undefined, { plugin: { status: throws } }).stdout).code;
  };

  test("turns what the system refuses into code 50: an ADD would be refused as well", () => {
    expect(status(new SystemError("open a route netlink socket", "EMFILE"))).toBe(50);
  });

  test("leaves codes that say more, and defects, as they are", () => {
    expect(status(new CniError({ code: 51, cause: "containers are cut off" }))).toBe(51);
    expect(status(new TypeError("x is not a y"))).toBe(999);
  });
});

describe("stdout fails", () => {
  const closed = {
    writeStdout: () => {
      throw new Error("nobody reads");
    },
  };

  test("the ADD is undone, and stderr says why", () => {
    const { exit, commands, stderr } = call("ADD", undefined, { host: closed });
    expect([exit, commands]).toEqual([1, ["ADD", "DEL"]]);
    expect(stderr).toContain("nobody reads");
  });

  test("an ADD whose result the version cannot say is undone as well", () => {
    const plugin = { versions: ["0.2.0"], add: () => ({ ...someResult, ips: [] }) };
    const { exit, commands, stdout } = call("ADD", { name: "net", cniVersion: "0.2.0" }, { plugin });
    expect([exit, commands, JSON.parse(stdout).code]).toEqual([1, ["DEL"], 999]);
  });

  test("when undoing fails too, the first failure is the one reported", () => {
    const del = () => {
      throw new CniError({ code: 999, cause: "cannot delete" });
    };
    const plugin = { versions: ["0.2.0"], add: () => ({ ...someResult, ips: [] }), del };
    const { stdout, stderr } = call("ADD", { name: "net", cniVersion: "0.2.0" }, { plugin });
    expect(JSON.parse(stdout).msg).toContain("needs an address");
    expect(stderr).toContain("cannot delete");
  });

  test("VERSION and errors end with exit 1 and a line on stderr", () => {
    expect(call("VERSION", {}, { host: closed })).toMatchObject({
      exit: 1,
      stderr: expect.stringMatching(/./),
    });
    expect(call("NOPE", undefined, { host: closed })).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining("unknown CNI_COMMAND"),
    });
  });
});
