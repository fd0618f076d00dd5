/** The configuration of `bridge`: containers as ports of one bridge on the host. */
import * as z from "zod";
import { runtimeConfig } from "../../../cni/config/parts/capabilities.ts";
import { args, common, dns, ipMasq, ipMasqBackend, mtu, vlanId } from "../../../cni/config/parts/common.ts";
import { delegated } from "../../../cni/config/parts/ipam.ts";
import { blank, interfaceName, mac } from "../../../cni/config/parts/text.ts";
import { type Infer, shapeOf } from "../../../cni/config/shape.ts";

const taggedId = z.int().min(1).max(4094);

const trunk = z.looseObject({
  minID: taggedId.optional().describe("First VLAN of a range; needs `maxID`."),
  maxID: taggedId.optional().describe("Last VLAN of a range; needs `minID`."),
  id: taggedId.optional().describe("One VLAN, beside or instead of a range."),
});

export const Bridge = z
  .looseObject({
    bridge: interfaceName.default("cni0").describe("Name of the bridge; it is made when there is none."),
    isGateway: z
      .boolean()
      .default(false)
      .describe("Give the gateway's addresses to the bridge and switch forwarding on."),
    isDefaultGateway: z
      .boolean()
      .default(false)
      .describe("As `isGateway`, and make it the container's default route."),
    forceAddress: z
      .boolean()
      .default(false)
      .describe("Replace an address of the bridge that is in the way of the gateway's."),
    ipMasq,
    ipMasqBackend,
    mtu: mtu
      .default(0)
      .describe("MTU in bytes of a new bridge and of both ends of the veth pair; 0 leaves it to the kernel."),
    hairpinMode: z
      .boolean()
      .default(false)
      .describe("Let the container reach itself through the bridge; not with `promiscMode`."),
    promiscMode: z.boolean().default(false).describe("Set the bridge promiscuous; not with `hairpinMode`."),
    vlan: vlanId.default(0).describe("VLAN of the container's untagged traffic; 0 for none."),
    vlanTrunk: z
      .array(trunk)
      .optional()
      .describe("VLANs that the container sends and receives with their tags."),
    preserveDefaultVlan: z
      .boolean()
      .default(false)
      .describe("Keep the VLANs that the kernel puts on a new port when `vlan` or `vlanTrunk` is used."),
    macspoofchk: z
      .boolean()
      .default(false)
      .describe("Drop what the container sends from another link-layer address than its own."),
    enabledad: z
      .boolean()
      .default(false)
      .describe("Detect duplicate IPv6 addresses in the container before it uses its own."),
    disableContainerInterface: z
      .boolean()
      .default(false)
      .describe("Leave the container's interface down; not with `ipam`."),
    portIsolation: z
      .boolean()
      .default(false)
      .describe("Keep the container from reaching other isolated ports of the bridge."),
    ipam: delegated.optional().describe("Where addresses come from; absent: the interface gets none."),
    dns: dns.optional().describe("Name servers for the result, in place of those that IPAM gives."),
    ...common,
    args: args({ mac: blank(mac.optional()).describe("Link-layer address of the container's interface.") }),
    runtimeConfig: runtimeConfig("mac"),
  })
  .meta({ title: "bridge", description: "Containers as ports of one bridge on the host." });

export type Bridge = Infer<typeof Bridge>;

export const shapeOfBridge = () => shapeOf(Bridge);
