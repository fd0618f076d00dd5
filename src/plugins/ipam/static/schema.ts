/** The configuration of `static`: the addresses themselves. */
import * as z from "zod";
import { runtimeValues } from "../../../cni/config/parts/capabilities.ts";
import { args, common } from "../../../cni/config/parts/common.ts";
import { fixed } from "../../../cni/config/parts/ipam.ts";
import { addressWithPrefix } from "../../../cni/config/parts/text.ts";
import { type Infer, shapeOf } from "../../../cni/config/shape.ts";

const instead = (others: string) =>
  z
    .array(addressWithPrefix)
    .optional()
    .describe(`Addresses with their prefix lengths, in place of ${others}; without gateways.`);

export const Static = z
  .looseObject({
    ipam: fixed.describe("The addresses and what goes with them."),
    ...common,
    args: args({ ips: instead("those in `ipam` and CNI_ARGS") }),
    runtimeConfig: runtimeValues({ ips: instead("all others") }),
  })
  .meta({
    title: "static",
    description: "Gives each attachment the addresses that its configuration names.",
  });

export type Static = Infer<typeof Static>;

export const shapeOfStatic = () => shapeOf(Static);
