/** `vlan`: an interface for one VLAN of a link of the host, as the reference plugin of that name has it. */
import type { Call } from "../../../cni/plugin.ts";
import { identityOf } from "../../../names.ts";
import { ownerOf } from "../../../plan/attaching/collect.ts";
import { ipamOf } from "../../../plan/attaching/leased.ts";
import { linkedInterface, type Master, masterBy } from "../../../plan/linked/link.ts";
import { linkedPlugin, ownDns } from "../../../plan/linked/plugin.ts";
import { linksReady } from "../../../plan/linked/ready.ts";
import { shapeOfVlan } from "./schema.ts" with { type: "macro" };
import type { Vlan } from "./schema.ts";

const masterOf = ({ config }: Call<Vlan>): Master => masterBy(config, true);

export const plugin = linkedPlugin<Vlan>({
  identity: identityOf("vlan"),
  shape: () => shapeOfVlan(),
  ipam: ipamOf,
  announces: false,
  dns: ownDns,
  link: (call, { host, container, mac }) => [
    linkedInterface(host, container, {
      owner: ownerOf(call),
      linkinfo: { kind: "vlan", data: { id: call.config.vlanId } },
      master: masterOf(call),
      mtu: call.config.mtu,
      mac,
    }),
  ],
  ready: (call, host) => linksReady(host, { kind: "vlan" }, masterOf(call)),
});
