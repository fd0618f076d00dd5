/** Networks of a bridge, ours or Go's, whose ports `portmap` publishes. */
import { mkdtempSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Configuration, PluginConfig } from "../call.ts";
import { goPlugins, ourPlugins } from "../executable.ts";
import type { AttachmentOptions } from "../network.ts";

export interface Mapping {
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol?: string;
  readonly hostIP?: string;
}

/** What publishes these ports. */
export const publishing = (...portMappings: readonly Mapping[]): AttachmentOptions => ({
  runtimeConfig: { portMappings },
});

/** Port 80 of the container as port 8080 of the host. */
export const web = (more: Partial<Mapping> = {}): Mapping => ({
  hostPort: 8080,
  containerPort: 80,
  protocol: "tcp",
  ...more,
});

export const portmap = (keys: object = {}): PluginConfig => ({
  type: "portmap",
  capabilities: { portMappings: true },
  ...keys,
});

export interface Place {
  readonly name?: string;
  readonly subnets?: readonly string[];
  readonly bridge?: object;
  readonly cniVersion?: string;
}

export const BOTH = ["10.1.2.0/24", "fd00:1:2::/64"] as const;

/** A bridge as gateway, and `portmap` with these keys. */
export const network = (
  keys: object = {},
  { name = "net", subnets = ["10.1.2.0/24"], bridge = {}, cniVersion = "1.1.0" }: Place = {},
): Configuration => ({
  cniVersion,
  name,
  plugins: [
    {
      type: "bridge",
      bridge: `br-${name}`,
      isDefaultGateway: true,
      hairpinMode: true,
      ipam: { type: "host-local", ranges: subnets.map((subnet) => [{ subnet }]) },
      ...bridge,
    },
    portmap(keys),
  ],
});

/** A directory in which `bridge` and `host-local` are Go's, and `portmap` is ours. */
export function mixedPlugins(): string {
  const directory = mkdtempSync(join(tmpdir(), "flatnet-mixed-"));
  for (const name of ["bridge", "host-local"]) symlinkSync(join(goPlugins, name), join(directory, name));
  symlinkSync(join(ourPlugins(), "portmap"), join(directory, "portmap"));
  return directory;
}
