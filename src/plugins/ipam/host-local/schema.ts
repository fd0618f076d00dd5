/** The configuration of `host-local`: addresses from ranges, kept in files on this host. */
import * as z from "zod";
import { runtimeConfig } from "../../../cni/config/parts/capabilities.ts";
import { args, common } from "../../../cni/config/parts/common.ts";
import { ranges } from "../../../cni/config/parts/ipam.ts";
import { addressOrNetwork } from "../../../cni/config/parts/text.ts";
import { type Infer, shapeOf } from "../../../cni/config/shape.ts";

export const HostLocal = z
  .looseObject({
    ipam: ranges.describe("Ranges of addresses and what goes with them."),
    ...common,
    args: args({
      ips: z.array(addressOrNetwork).optional().describe("Addresses that the container asks for."),
    }),
    runtimeConfig: runtimeConfig("ips", "ipRanges"),
  })
  .meta({
    title: "host-local",
    description: "Gives out addresses from ranges and keeps them in files on this host.",
  });

export type HostLocal = Infer<typeof HostLocal>;

export const shapeOfHostLocal = () => shapeOf(HostLocal);
