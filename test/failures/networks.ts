/** The networks of these tests: what the plugins find on their standard input. */
import type { Host } from "../plugins/host.ts";
import type { PluginConfig } from "./call.ts";

/** Published ports as a runtime passes them. */
export const ports = (
  ...list: { hostPort: number; containerPort?: number; protocol?: string; hostIP?: string }[]
) => ({
  portMappings: list.map((port) => ({ containerPort: 80, protocol: "tcp", ...port })),
});

const leases = (host: Host): string => host.file("cni/networks");

/** A network of the plugin `flatnet` with one published port of tcp and one of udp. */
export const flatnet = (
  host: Host,
  { ipam, ...more }: { ipam?: object; [key: string]: unknown } = {},
): PluginConfig => ({
  cniVersion: "1.1.0",
  name: "flatnet",
  type: "flatnet",
  ipam: { type: "flatnet-ipam", dataDir: leases(host), ...ipam },
  runtimeConfig: ports({ hostPort: 8080 }, { hostPort: 8053, containerPort: 53, protocol: "udp" }),
  ...more,
});

/** A network of the plugin `bridge` with everything that it makes. */
export const bridge = (
  host: Host,
  { ipam, ...more }: { ipam?: object; [key: string]: unknown } = {},
): PluginConfig => ({
  cniVersion: "1.1.0",
  name: "bridged",
  type: "bridge",
  isDefaultGateway: true,
  ipMasq: true,
  macspoofchk: true,
  ipam: { type: "host-local", dataDir: leases(host), subnet: "10.9.0.0/24", ...ipam },
  ...more,
});
