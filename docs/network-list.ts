/** A network configuration list, as a person writes it; the runtime reads it and gives each plugin its own part. */
import * as z from "zod";
import { networkName, pluginType } from "../src/cni/config/parts/text.ts";
import { specVersions } from "../src/cni/versions.ts";

const flag = z.union([z.boolean(), z.enum(["true", "false"])]);

/** The list; what its plugins may hold is said by the schema of each plugin. */
export const NetworkList = z
  .looseObject({
    cniVersion: z
      .enum(specVersions)
      .describe("Version of the CNI specification that the plugins shall speak."),
    cniVersions: z
      .array(z.string())
      .optional()
      .describe("Further versions; the runtime takes the highest it knows."),
    name: networkName.describe("Name of the network, its own on this host."),
    disableCheck: flag.optional().describe("Do not call CHECK; by default false."),
    disableGC: flag.optional().describe("Do not call GC; by default false."),
    loadOnlyInlinedPlugins: flag
      .optional()
      .describe("Do not add the plugins of the directory named after the network; by default false."),
    plugins: z
      .array(z.looseObject({ type: pluginType }))
      .min(1)
      .describe("Plugins, called in this order."),
  })
  .meta({
    title: "CNI network configuration list",
    description: "A network: its name and the plugins that make it.",
  });
