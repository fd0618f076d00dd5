/** The plugins of the executable by their names, as far as they are known without loading them. */
import type { Identity } from "./cni/plugin.ts";
import { type SpecVersion, versionsSince } from "./cni/versions.ts";

/** The first version of the specification that each speaks; it speaks all later ones too. */
const since = {
  flatnet: "0.1.0",
  "flatnet-ipam": "0.1.0",
  bridge: "0.1.0",
  ptp: "0.1.0",
  macvlan: "0.1.0",
  ipvlan: "0.1.0",
  vlan: "0.1.0",
  dummy: "0.1.0",
  tap: "0.1.0",
  "host-local": "0.1.0",
  "host-device": "0.1.0",
  loopback: "0.1.0",
  portmap: "0.1.0",
  tuning: "0.1.0",
  sbr: "0.1.0",
  bandwidth: "0.3.0",
  vrf: "0.3.1",
  static: "0.1.0",
  firewall: "0.4.0",
  dhcp: "0.1.0",
} as const satisfies Record<string, SpecVersion>;

export type PluginName = keyof typeof since;
export const pluginNames = Object.keys(since) as readonly PluginName[];

export const isPluginName = (name: string): name is PluginName => Object.hasOwn(since, name);

export const identityOf = (name: PluginName): Identity => ({ name, versions: versionsSince(since[name]) });
