/** The configuration of `portmap`: ports of the host that lead to a container which an earlier plugin attached. */
import * as z from "zod";
import { runtimeConfig } from "../../../cni/config/parts/capabilities.ts";
import { common } from "../../../cni/config/parts/common.ts";
import { blank } from "../../../cni/config/parts/text.ts";
import { type Infer, shapeOf } from "../../../cni/config/shape.ts";

const conditions = z.array(z.string()).optional();

export const Portmap = z
  .looseObject({
    snat: z
      .boolean()
      .default(true)
      .describe(
        "Give the host as source to what the container could not answer: traffic from itself, its neighbours, 127.0.0.1.",
      ),
    masqAll: z
      .boolean()
      .default(false)
      .describe("Give the host as source to all traffic to published ports; needs `snat`."),
    conditionsV4: conditions.describe(
      "What IPv4 packets have to meet to find the ports, in the words of iptables or nft; absent: nothing.",
    ),
    conditionsV6: conditions.describe("The same for IPv6 packets."),
    markMasqBit: z
      .int()
      .min(0)
      .max(31)
      .optional()
      .describe("Accepted for compatibility: no marks are needed. Not with `externalSetMarkChain`."),
    externalSetMarkChain: blank(z.string().optional()).describe(
      "Accepted for compatibility: no marks are needed. Not with `markMasqBit`.",
    ),
    backend: blank(z.enum(["iptables", "nftables"]).optional()).describe(
      "Accepted for compatibility: ports are published by nf_tables, without a program.",
    ),
    ...common,
    runtimeConfig: runtimeConfig("portMappings"),
  })
  .meta({
    title: "portmap",
    description: "Ports of the host that lead to a container which an earlier plugin attached.",
  });

export type Portmap = Infer<typeof Portmap>;

export const shapeOfPortmap = () => shapeOf(Portmap);
