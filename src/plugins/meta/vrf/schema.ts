/** The configuration of `vrf`: the container's interface in a VRF, a routing domain of its own. */
import * as z from "zod";
import { common } from "../../../cni/config/parts/common.ts";
import { interfaceName } from "../../../cni/config/parts/text.ts";
import { type Infer, shapeOf } from "../../../cni/config/shape.ts";

export const Vrf = z
  .looseObject({
    vrfname: interfaceName.describe("Name of the VRF in the container; it is made when there is none."),
    table: z
      .int()
      .min(0)
      .max(4294967295)
      .default(0)
      .describe(
        "Routing table of the VRF; 0: that of the VRF which is there, else the first that no VRF has.",
      ),
    ...common,
  })
  .meta({
    title: "vrf",
    description: "Puts the container's interface into a VRF, a routing domain of its own.",
  });

export type Vrf = Infer<typeof Vrf>;

export const shapeOfVrf = () => shapeOf(Vrf);
