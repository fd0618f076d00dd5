/** The configuration of `ptp`: a veth pair between the host and each container, without a bridge. */
import * as z from "zod";
import { common, dns, ipMasq, ipMasqBackend, mtu } from "../../../cni/config/parts/common.ts";
import { delegated } from "../../../cni/config/parts/ipam.ts";
import { type Infer, shapeOf } from "../../../cni/config/shape.ts";

export const Ptp = z
  .looseObject({
    ipMasq,
    ipMasqBackend,
    mtu: mtu.default(0).describe("MTU in bytes of both ends of the veth pair; 0 leaves it to the kernel."),
    ipam: delegated
      .optional()
      .describe("Where addresses come from; each needs a gateway, which the host becomes. ADD needs it."),
    dns: dns.optional().describe("Name servers for the result, in place of those that IPAM gives."),
    ...common,
  })
  .meta({ title: "ptp", description: "A link of its own between the host and each container." });

export type Ptp = Infer<typeof Ptp>;

export const shapeOfPtp = () => shapeOf(Ptp);
