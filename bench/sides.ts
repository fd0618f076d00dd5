/** The two that are compared: where their plugins are, and which of them publish ports. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface Side {
  /** As the table calls it. */
  readonly name: string;
  /** Folder of the executables: CNI_PATH. */
  readonly directory: string;
  /** What makes a network that publishes ports: one plugin, or a list of four. */
  readonly publishing: "flatnet" | "chain";
  /** The most containers that can be attached to one host in bearable time. */
  readonly largestCrowd: number;
}

export const flatnet: Side = {
  name: "flatnet",
  directory: fileURLToPath(new URL("../dist/cni", import.meta.url)),
  publishing: "flatnet",
  largestCrowd: 1000,
};

export const go: Side = {
  name: "Go",
  directory: "/usr/lib/cni",
  publishing: "chain",
  largestCrowd: 100,
};

export const hasPlugin = ({ directory }: Side, type: string): boolean => existsSync(`${directory}/${type}`);

/** What keeps the Go plugins from being measured, in words for the table; undefined when nothing does. */
export function goIsMissing(): string | undefined {
  const types = ["bridge", "host-local", "portmap", "firewall", "tuning"];
  const absent = types.filter((type) => !hasPlugin(go, type));
  if (absent.length > 0) return `no Go plugins here: ${go.directory} lacks ${absent.join(", ")}`;
  if (Bun.which("iptables") === null) return "the Go plugins need `iptables`, which is missing here";
  return undefined;
}
