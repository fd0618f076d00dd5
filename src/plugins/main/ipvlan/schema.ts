/** The configuration of `ipvlan`: interfaces that share the link-layer address of a link of the host. */
import * as z from "zod";
import { common } from "../../../cni/config/parts/common.ts";
import { delegated } from "../../../cni/config/parts/ipam.ts";
import { linkInContainer, linkMtu, master, ownDns } from "../../../cni/config/parts/linked.ts";
import { blank } from "../../../cni/config/parts/text.ts";
import { type Infer, shapeOf } from "../../../cni/config/shape.ts";

export const Ipvlan = z
  .looseObject({
    master,
    mode: blank(z.enum(["l2", "l3", "l3s"]).default("l2")).describe(
      "How packets come to the interface: bridged (`l2`), routed (`l3`), or routed past the host's firewall, too (`l3s`). " +
        "All on one master share it.",
    ),
    mtu: linkMtu,
    linkInContainer,
    ipam: delegated
      .optional()
      .describe("Where addresses come from; absent: the plugins before this one have given them."),
    dns: ownDns,
    ...common,
  })
  .meta({
    title: "ipvlan",
    description: "Interfaces that share the link-layer address of a link of the host.",
  });

export type Ipvlan = Infer<typeof Ipvlan>;

export const shapeOfIpvlan = () => shapeOf(Ipvlan);
