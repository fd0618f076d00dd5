/** The configuration of `macvlan`: interfaces with link-layer addresses of their own on a link of the host. */
import * as z from "zod";
import { runtimeConfig } from "../../../cni/config/parts/capabilities.ts";
import { common } from "../../../cni/config/parts/common.ts";
import { delegated } from "../../../cni/config/parts/ipam.ts";
import { linkInContainer, master, mtuOnMaster, ownDns } from "../../../cni/config/parts/linked.ts";
import { blank, mac } from "../../../cni/config/parts/text.ts";
import { type Infer, shapeOf } from "../../../cni/config/shape.ts";

export const Macvlan = z
  .looseObject({
    master,
    mode: blank(z.enum(["bridge", "private", "vepa", "passthru"]).default("bridge")).describe(
      "Who reaches whom on the master: all (`bridge`), nobody (`private`), all by way of a switch that sends frames back " +
        "(`vepa`); `passthru` hands the master itself to one container.",
    ),
    mtu: mtuOnMaster,
    mac: blank(mac.optional()).describe("Link-layer address of the interface; by default a random one."),
    linkInContainer,
    bcqueuelen: z
      .int()
      .min(0)
      .max(4294967295)
      .default(0)
      .describe("Broadcasts that may wait on the master; 0 leaves it to the kernel. Linux 5.11."),
    ipam: delegated.optional().describe("Where addresses come from; absent: the interface gets none."),
    dns: ownDns,
    ...common,
    runtimeConfig: runtimeConfig("mac"),
  })
  .meta({ title: "macvlan", description: "Interfaces with addresses of their own on a link of the host." });

export type Macvlan = Infer<typeof Macvlan>;

export const shapeOfMacvlan = () => shapeOf(Macvlan);
