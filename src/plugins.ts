/**
 * All plugins by name, with what answers a call of one: all that calls need which `introduce` does not answer.
 *
 * Each is a chunk of its own, but for those that give out addresses: other plugins call them in the middle of their work,
 * where nothing can be waited for.
 */
import type { Plugin } from "./cni/plugin.ts";
import type { PluginName } from "./names.ts";
import { plugin as dhcp } from "./plugins/ipam/dhcp/plugin.ts";
import { plugin as flatnetIpam } from "./plugins/ipam/flatnet-ipam/plugin.ts";
import { plugin as hostLocal } from "./plugins/ipam/host-local/plugin.ts";
import { plugin as fixed } from "./plugins/ipam/static/plugin.ts";

export { reporting, serve } from "./cni/dispatch.ts";

const givingAddresses = { "host-local": hostLocal, "flatnet-ipam": flatnetIpam, static: fixed, dhcp };

const others = {
  flatnet: () => import("./plugins/main/flatnet/plugin.ts"),
  bridge: () => import("./plugins/main/bridge/plugin.ts"),
  ptp: () => import("./plugins/main/ptp/plugin.ts"),
  macvlan: () => import("./plugins/main/macvlan/plugin.ts"),
  ipvlan: () => import("./plugins/main/ipvlan/plugin.ts"),
  vlan: () => import("./plugins/main/vlan/plugin.ts"),
  dummy: () => import("./plugins/main/dummy/plugin.ts"),
  tap: () => import("./plugins/main/tap/plugin.ts"),
  "host-device": () => import("./plugins/main/host-device/plugin.ts"),
  loopback: () => import("./plugins/main/loopback/plugin.ts"),
  sbr: () => import("./plugins/meta/sbr/plugin.ts"),
  bandwidth: () => import("./plugins/meta/bandwidth/plugin.ts"),
  portmap: () => import("./plugins/meta/portmap/plugin.ts"),
  vrf: () => import("./plugins/meta/vrf/plugin.ts"),
  tuning: () => import("./plugins/meta/tuning/plugin.ts"),
  firewall: () => import("./plugins/meta/firewall/plugin.ts"),
} satisfies Record<Exclude<PluginName, keyof typeof givingAddresses>, () => Promise<{ plugin: object }>>;

const isOther = (name: PluginName): name is keyof typeof others => Object.hasOwn(others, name);

/** A plugin is given only the configurations that its own `configure` made. */
const anyPlugin = (plugin: object): Plugin => plugin as Plugin;

/** The plugin `name`, when it is one that gives out addresses. */
export const ipamPlugin = (name: string): Plugin | undefined =>
  Object.hasOwn(givingAddresses, name)
    ? anyPlugin(givingAddresses[name as keyof typeof givingAddresses])
    : undefined;

/** The plugin `name`. */
export async function loadPlugin(name: PluginName): Promise<Plugin> {
  return isOther(name) ? anyPlugin((await others[name]()).plugin) : ipamPlugin(name)!;
}
