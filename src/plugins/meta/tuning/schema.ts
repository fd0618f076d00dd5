/** The configuration of `tuning`: kernel settings of the container, and attributes of its interface. */
import * as z from "zod";
import { runtimeConfig } from "../../../cni/config/parts/capabilities.ts";
import { args, common } from "../../../cni/config/parts/common.ts";
import { absolutePath, blank, mac } from "../../../cni/config/parts/text.ts";
import { type Infer, shapeOf } from "../../../cni/config/shape.ts";

const u32 = z.int().min(0).max(4294967295);

/** The keys that may stand in the configuration itself and under `args.cni`, where they go before. */
const settings = {
  sysctl: z
    .record(z.string(), z.string())
    .optional()
    .describe("Kernel settings below `net.` and their values; `IFNAME` in a name stands for the interface."),
  mac: blank(mac.optional()).describe("Link-layer address of the container's interface."),
  promisc: z.boolean().optional().describe("Set the interface promiscuous."),
  mtu: u32.optional().describe("MTU in bytes of the interface; 0 leaves it as it is."),
  allmulti: z
    .boolean()
    .optional()
    .describe("Whether the interface takes all multicast packets; absent leaves it as it is."),
  txQLen: u32
    .optional()
    .describe("Packets that the interface's transmit queue holds; absent leaves it as it is."),
};

export const Tuning = z
  .looseObject({
    ...settings,
    dataDir: blank(absolutePath.default("/run/cni/tuning")).describe(
      "Directory for the attributes that the interface had before, which DEL restores.",
    ),
    ...common,
    args: args(settings),
    runtimeConfig: runtimeConfig("mac"),
  })
  .meta({
    title: "tuning",
    description: "Kernel settings of the container, and attributes of its interface.",
  });

export type Tuning = Infer<typeof Tuning>;

export const shapeOfTuning = () => shapeOf(Tuning);
