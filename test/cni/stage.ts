/** A stage for the protocol: a host made of plain values, and a plugin that notes how it was called. */
import type { Host } from "../../src/cni/host.ts";
import type { Call, NetworkConfig, Plugin } from "../../src/cni/plugin.ts";
import type { Result } from "../../src/cni/result.ts";
import { specVersions } from "../../src/cni/versions.ts";

/** All that an ADD or CHECK needs. */
export const attachment = {
  CNI_CONTAINERID: "c1",
  CNI_NETNS: "/run/netns/blue",
  CNI_IFNAME: "eth0",
  CNI_PATH: "/opt/cni/bin",
};

/** A host that keeps what was written to it. `config` is its stdin: text as it is, anything else as JSON. */
export function stage(variables: Record<string, string>, config: unknown = {}, changes: Partial<Host> = {}) {
  const written = { stdout: "", stderr: "" };
  const host: Host = {
    variables,
    terminal: false,
    program: { version: "1.2.3", names: ["flatnet", "bridge"] },
    readStdin: () => (typeof config === "string" ? config : JSON.stringify(config)),
    writeStdout: (text) => {
      written.stdout += text;
    },
    writeStderr: (text) => {
      written.stderr += text;
    },
    isOwnNamespace: (path) => path === "/proc/self/ns/net",
    identify: () => undefined,
    plugin: () => undefined,
    ...changes,
  };
  return { host, written };
}

/** What the noting plugin gives for an ADD. */
export const someResult: Result = {
  interfaces: [{ name: "eth0", mac: "02:00:00:00:00:01", sandbox: "/run/netns/blue" }],
  ips: [{ interface: 0, address: "10.1.2.3/24", gateway: "10.1.2.1" }],
  routes: [{ dst: "0.0.0.0/0" }],
  dns: {},
};

/** A plugin that notes its calls; `changes` replaces parts of it. */
export function notingPlugin(changes: Partial<Plugin> = {}) {
  const calls: Call[] = [];
  const note = (call: Call): void => void calls.push(call);
  const plugin: Plugin = {
    name: "noting",
    versions: specVersions,
    configure: (json) => json as NetworkConfig,
    add: (call) => {
      note(call);
      return someResult;
    },
    del: note,
    check: note,
    gc: note,
    status: note,
    ...changes,
  };
  return { plugin, calls, commands: () => calls.map((call) => call.command) };
}

/** What `act` throws; nothing when it does not. */
export function thrownBy(act: () => unknown): unknown {
  try {
    act();
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}
