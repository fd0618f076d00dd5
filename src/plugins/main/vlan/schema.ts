/** The configuration of `vlan`: interfaces for the frames of another link that have a tag. */
import * as z from "zod";
import { common, vlanId } from "../../../cni/config/parts/common.ts";
import { delegated } from "../../../cni/config/parts/ipam.ts";
import { linkInContainer, mtuOnMaster, ownDns, requiredMaster } from "../../../cni/config/parts/linked.ts";
import { type Infer, shapeOf } from "../../../cni/config/shape.ts";

export const Vlan = z
  .looseObject({
    master: requiredMaster,
    vlanId: vlanId
      .default(0)
      .describe(
        "The VLAN whose tagged frames the interface sends and receives; 0 for frames that have a priority only.",
      ),
    mtu: mtuOnMaster,
    linkInContainer,
    ipam: delegated.optional().describe("Where addresses come from. ADD needs it."),
    dns: ownDns,
    ...common,
  })
  .meta({ title: "vlan", description: "Interfaces for one VLAN of a link of the host." });

export type Vlan = Infer<typeof Vlan>;

export const shapeOfVlan = () => shapeOf(Vlan);
