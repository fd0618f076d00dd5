/** The configuration of `bandwidth`: how fast packets may go to the container and come from it. */
import * as z from "zod";
import { limits } from "../../../cni/config/parts/bandwidth.ts";
import { runtimeConfig } from "../../../cni/config/parts/capabilities.ts";
import { common } from "../../../cni/config/parts/common.ts";
import { blank } from "../../../cni/config/parts/text.ts";
import { type Infer, shapeOf } from "../../../cni/config/shape.ts";

export const Bandwidth = z
  .looseObject({
    ...limits,
    layout: blank(z.enum(["classic", "direct"]).default("classic")).describe(
      "Where packets from the container wait: in a device of their own on the host (`classic`), or in the container's interface (`direct`).",
    ),
    ...common,
    runtimeConfig: runtimeConfig("bandwidth"),
  })
  .meta({
    title: "bandwidth",
    description: "Limits how fast packets go to the container and come from it.",
  });

export type Bandwidth = Infer<typeof Bandwidth>;

export const shapeOfBandwidth = () => shapeOf(Bandwidth);
