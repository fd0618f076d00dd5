/** The two that are compared: where their plugins are, and the networks that do the same work with each. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A list of plugins, as in a `.conflist` file. */
export interface Network {
  readonly name: string;
  readonly plugins: readonly PluginConfig[];
}

export interface PluginConfig {
  readonly type: string;
  readonly capabilities?: Readonly<Record<string, boolean>>;
  readonly [key: string]: unknown;
}

export interface Side {
  /** As the table calls it. */
  readonly name: string;
  /** Folder of the executables: CNI_PATH. */
  readonly directory: string;
  /** A bridge that masquerades. Leases are kept in the folder `leases`. */
  masqueraded(leases: string): Network;
  /** A bridge that masquerades and publishes ports. */
  published(leases: string): Network;
  /** The most containers that can be attached to one host in bearable time. */
  readonly largestCrowd: number;
}

const bridge = (ipam: object) => ({ type: "bridge", bridge: "bench0", isGateway: true, ipMasq: true, ipam });
const hostLocal = (dataDir: string, type = "host-local") => ({
  type,
  dataDir,
  ranges: [[{ subnet: "10.89.0.0/16" }]],
  routes: [{ dst: "0.0.0.0/0" }],
});
const masqueraded = (leases: string): Network => ({ name: "bench", plugins: [bridge(hostLocal(leases))] });
const capabilities = { portMappings: true };

export const flatnet: Side = {
  name: "flatnet",
  directory: fileURLToPath(new URL("../dist/cni", import.meta.url)),
  masqueraded,
  published: (leases) => ({
    name: "bench",
    plugins: [{ type: "flatnet", capabilities, ipam: hostLocal(leases, "flatnet-ipam") }],
  }),
  largestCrowd: 1000,
};

export const go: Side = {
  name: "Go",
  directory: "/usr/lib/cni",
  masqueraded,
  published: (leases) => ({
    name: "bench",
    plugins: [
      { ...bridge(hostLocal(leases)), hairpinMode: true },
      { type: "portmap", capabilities },
      { type: "firewall" },
      { type: "tuning" },
    ],
  }),
  largestCrowd: 100,
};

/** What keeps the Go plugins from being measured, in words for the table; undefined when nothing does. */
export function goIsMissing(): string | undefined {
  const types = ["bridge", "host-local", "portmap", "firewall", "tuning"];
  const absent = types.filter((type) => !existsSync(`${go.directory}/${type}`));
  if (absent.length > 0) return `no Go plugins here: ${go.directory} lacks ${absent.join(", ")}`;
  if (Bun.which("iptables") === null) return "the Go plugins need `iptables`, which is missing here";
  return undefined;
}
