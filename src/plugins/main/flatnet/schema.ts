/** The configuration of `flatnet`: bridge, addresses, masquerade and published ports in one call. Every key has a default. */
import * as z from "zod";
import { runtimeConfig } from "../../../cni/config/parts/capabilities.ts";
import { args, common, dns, mtu, vlanId } from "../../../cni/config/parts/common.ts";
import { delegatedTo } from "../../../cni/config/parts/ipam.ts";
import { addressOrNetwork, blank, interfaceName, mac } from "../../../cni/config/parts/text.ts";
import { type Infer, shapeOf } from "../../../cni/config/shape.ts";

export const Flatnet = z
  .looseObject({
    bridge: interfaceName
      .default("flatnet-br0")
      .describe("Name of the bridge; it is made when there is none."),
    mtu: mtu
      .default(0)
      .describe("MTU in bytes of a new bridge and of both ends of the veth pair; 0 leaves it to the kernel."),
    isGateway: z
      .boolean()
      .default(true)
      .describe(
        "Give the gateway's addresses to the bridge, switch forwarding on and make it the default route.",
      ),
    ipMasq: z.boolean().default(true).describe("Masquerade what the container sends out of its own subnet."),
    hairpinMode: z
      .boolean()
      .default(true)
      .describe("Let the container reach itself through its published ports."),
    vlan: vlanId.default(0).describe("VLAN of the container's untagged traffic; 0 for none."),
    hostId: z
      .int()
      .min(1)
      .max(254)
      .optional()
      .describe(
        "Number of this host: subnet `10.100.<hostId>.0/24`, gateway .1, containers from .10; absent: `10.87.1.0/24`.",
      ),
    ipam: delegatedTo("flatnet-ipam").describe(
      "Where addresses come from: the keys of host-local, or any IPAM plugin.",
    ),
    dns: dns.optional().describe("Name servers for the result, in place of those that IPAM gives."),
    ...common,
    args: args({
      mac: blank(mac.optional()).describe("Link-layer address of the container's interface."),
      ips: z.array(addressOrNetwork).optional().describe("Addresses that the container asks for."),
    }),
    runtimeConfig: runtimeConfig("portMappings", "ips", "mac", "ipRanges", "dns", "aliases"),
  })
  .meta({
    title: "flatnet",
    description: "A whole container network in one call: bridge, addresses, masquerade, published ports.",
  });

export type Flatnet = Infer<typeof Flatnet>;

export const shapeOfFlatnet = () => shapeOf(Flatnet);
