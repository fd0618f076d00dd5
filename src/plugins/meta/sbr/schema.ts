/** The configuration of `sbr`: what has an address of the interface as its source uses a routing table of its own. */
import * as z from "zod";
import { common } from "../../../cni/config/parts/common.ts";
import { address } from "../../../cni/config/parts/text.ts";
import { type Infer, shapeOf } from "../../../cni/config/shape.ts";

export const Sbr = z
  .looseObject({
    table: z
      .int()
      .min(1)
      .max(4294967295)
      .optional()
      .describe(
        "Routing table for all addresses: only rules are made, its routes are IPAM's; by default a free table for each.",
      ),
    gateways: z
      .array(address)
      .optional()
      .describe(
        "Gateways of the default routes, at most one of each family; by default those of the addresses.",
      ),
    addSourceHints: z
      .boolean()
      .default(false)
      .describe("Keep the subnets reachable by the main table, from the interface's address."),
    ...common,
  })
  .meta({
    title: "sbr",
    description: "Source based routing: a routing table of its own for what an interface's addresses send.",
  });

export type Sbr = Infer<typeof Sbr>;

export const shapeOfSbr = () => shapeOf(Sbr);
