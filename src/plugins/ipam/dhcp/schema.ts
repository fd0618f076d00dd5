/** The configuration of `dhcp`: where its daemon is, and what it says to DHCP servers. */
import * as z from "zod";
import { common } from "../../../cni/config/parts/common.ts";
import { leased } from "../../../cni/config/parts/ipam.ts";
import { type Infer, shapeOf } from "../../../cni/config/shape.ts";

export const Dhcp = z
  .looseObject({
    ipam: leased.describe("How addresses are asked for."),
    ...common,
  })
  .meta({
    title: "dhcp",
    description: "Gets an address from a DHCP server, and has a daemon renew it.",
  });

export type Dhcp = Infer<typeof Dhcp>;

export const shapeOfDhcp = () => shapeOf(Dhcp);
