/** The configuration of `tap`: interfaces whose frames a program reads and writes. */
import * as z from "zod";
import { runtimeConfig } from "../../../cni/config/parts/capabilities.ts";
import { common } from "../../../cni/config/parts/common.ts";
import { delegated } from "../../../cni/config/parts/ipam.ts";
import { linkMtu, ownDns } from "../../../cni/config/parts/linked.ts";
import { blank, interfaceName, mac } from "../../../cni/config/parts/text.ts";
import { type Infer, shapeOf } from "../../../cni/config/shape.ts";

/** A user's or group's id. The highest number stands for none. */
const id = z.int().min(0).max(4294967294);

export const Tap = z
  .looseObject({
    multiQueue: z
      .boolean()
      .default(false)
      .describe("Programs may open the interface several times, a queue each."),
    mtu: linkMtu,
    mac: blank(mac.optional()).describe("Link-layer address of the interface; by default a random one."),
    owner: id
      .optional()
      .describe("Id of the user who may open the interface; by default whoever has CAP_NET_ADMIN."),
    group: id.optional().describe("Id of the group that may open the interface."),
    selinuxContext: blank(z.string().optional()).describe(
      "SELinux context in which the interface is made, and by which the policy tells who may open it.",
    ),
    bridge: blank(interfaceName.optional()).describe(
      "Bridge in the container's namespace that the interface becomes a port of.",
    ),
    ipam: delegated.optional().describe("Where addresses come from; absent: the interface gets none."),
    dns: ownDns,
    ...common,
    runtimeConfig: runtimeConfig("mac"),
  })
  .meta({ title: "tap", description: "Interfaces whose frames a program reads and writes." });

export type Tap = Infer<typeof Tap>;

export const shapeOfTap = () => shapeOf(Tap);
