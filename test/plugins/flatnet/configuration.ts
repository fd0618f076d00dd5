/** Networks of the plugin `flatnet`, as conflists have them. */
import type { Configuration } from "../call.ts";

/** The whole configuration that a network needs. */
export const plain: Configuration = { cniVersion: "1.0.0", name: "flatnet", plugins: [{ type: "flatnet" }] };

const capabilities = { portMappings: true, ips: true, mac: true, ipRanges: true, dns: true, aliases: true };

/** A network with all capabilities, and these keys. */
export const flatnet = (keys: object = {}, cniVersion = "1.0.0"): Configuration => ({
  cniVersion,
  name: "flatnet",
  plugins: [{ type: "flatnet", capabilities, ...keys }],
});

/** Addresses of both families. */
export const dualStack = {
  ipam: { ranges: [[{ subnet: "10.87.1.0/24" }], [{ subnet: "fd00:87:1::/64" }]] },
} as const;

/** A published port, as runtimes pass it. */
export interface Mapping {
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly hostIP?: string;
}

/** What publishes these ports. */
export const publishing = (...portMappings: readonly Mapping[]) => ({ runtimeConfig: { portMappings } });

/** Port 80 of the container as port 8080 of the host. */
export const web = (more: Partial<Mapping> = {}): Mapping => ({
  hostPort: 8080,
  containerPort: 80,
  protocol: "tcp",
  ...more,
});
