/** The names under which the executable answers as a plugin. */
export const pluginNames = ["flatnet", "flatnet-ipam", "bridge", "host-local", "loopback"] as const;
export type PluginName = (typeof pluginNames)[number];
