/**
 * All plugins by name, with what answers a call of one: all that calls need which `introduce` does not answer.
 *
 * Each is a chunk of its own, and a call loads no more of them than it needs.
 */
import type { Plugin } from "./cni/plugin.ts";
import type { PluginName } from "./names.ts";

export { reporting, serve } from "./cni/dispatch.ts";

/** A plugin is given only the configurations that its own `configure` made. */
interface Chunk {
  readonly plugin: object;
}
type Load = () => Promise<Chunk>;

/**
 * Those that give out addresses. Others ask them in the middle of their work, where nothing can be waited for: hence
 * `require`, whose first use takes 0.25 ms.
 */
const givingAddresses = {
  "host-local": (): Chunk => require("./plugins/ipam/host-local/plugin.ts"),
  "flatnet-ipam": (): Chunk => require("./plugins/ipam/flatnet-ipam/plugin.ts"),
  static: (): Chunk => require("./plugins/ipam/static/plugin.ts"),
  dhcp: (): Chunk => require("./plugins/ipam/dhcp/plugin.ts"),
} satisfies Partial<Record<PluginName, () => Chunk>>;

const givesAddresses = (name: string): name is keyof typeof givingAddresses =>
  Object.hasOwn(givingAddresses, name);

/** Of those the one that is loaded already. */
let loaded: { readonly name: string; readonly chunk: Chunk } | undefined;

/** Loads a plugin that asks for addresses together with the one that it mostly asks, so that `require` is not needed. */
const asking =
  (load: Load, usual: "host-local" | "flatnet-ipam" = "host-local"): Load =>
  async () => {
    loaded = { name: usual, chunk: await plugins[usual]() };
    return load();
  };

const plugins: Readonly<Record<PluginName, Load>> = {
  flatnet: asking(() => import("./plugins/main/flatnet/plugin.ts"), "flatnet-ipam"),
  bridge: asking(() => import("./plugins/main/bridge/plugin.ts")),
  ptp: asking(() => import("./plugins/main/ptp/plugin.ts")),
  macvlan: asking(() => import("./plugins/main/macvlan/plugin.ts")),
  ipvlan: asking(() => import("./plugins/main/ipvlan/plugin.ts")),
  vlan: asking(() => import("./plugins/main/vlan/plugin.ts")),
  dummy: asking(() => import("./plugins/main/dummy/plugin.ts")),
  tap: asking(() => import("./plugins/main/tap/plugin.ts")),
  "host-device": asking(() => import("./plugins/main/host-device/plugin.ts")),
  loopback: () => import("./plugins/main/loopback/plugin.ts"),
  sbr: () => import("./plugins/meta/sbr/plugin.ts"),
  bandwidth: () => import("./plugins/meta/bandwidth/plugin.ts"),
  portmap: () => import("./plugins/meta/portmap/plugin.ts"),
  vrf: () => import("./plugins/meta/vrf/plugin.ts"),
  tuning: () => import("./plugins/meta/tuning/plugin.ts"),
  firewall: () => import("./plugins/meta/firewall/plugin.ts"),
  "host-local": () => import("./plugins/ipam/host-local/plugin.ts"),
  "flatnet-ipam": () => import("./plugins/ipam/flatnet-ipam/plugin.ts"),
  static: () => import("./plugins/ipam/static/plugin.ts"),
  dhcp: () => import("./plugins/ipam/dhcp/plugin.ts"),
};

/** The plugin `name`, when it is one that gives out addresses. */
export function ipamPlugin(name: string): Plugin | undefined {
  if (!givesAddresses(name)) return undefined;
  const { plugin } = loaded?.name === name ? loaded.chunk : givingAddresses[name]();
  return plugin as Plugin;
}

/** The plugin `name`. */
export const loadPlugin = async (name: PluginName): Promise<Plugin> =>
  (await plugins[name]()).plugin as Plugin;
