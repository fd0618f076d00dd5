/** `macvlan`: an interface with a link-layer address of its own on a link of the host, as the reference plugin of that name has it. */
import type { Call } from "../../../cni/plugin.ts";
import { identityOf } from "../../../names.ts";
import { ownerOf } from "../../../plan/attaching/collect.ts";
import { ipamIfAny } from "../../../plan/attaching/leased.ts";
import { askedMac } from "../../../plan/attaching/mac.ts";
import { linkedInterface, type Master, masterBy } from "../../../plan/linked/link.ts";
import { linkedPlugin, ownDns } from "../../../plan/linked/plugin.ts";
import { linksReady } from "../../../plan/linked/ready.ts";
import { shapeOfMacvlan } from "./schema.ts" with { type: "macro" };
import type { Macvlan } from "./schema.ts";

const masterOf = ({ config }: Call<Macvlan>): Master => masterBy(config, true);

export const plugin = linkedPlugin<Macvlan>({
  identity: identityOf("macvlan"),
  shape: () => shapeOfMacvlan(),
  ipam: ipamIfAny,
  announces: true,
  dns: ownDns,
  link(call, { host, container, mac }) {
    const { mode, bcqueuelen, mtu } = call.config;
    const data = { mode, ...(bcqueuelen > 0 && { bcQueueLen: bcqueuelen }) };
    const asked = mac ?? askedMac(call, ["capability", "MAC", "mac"]);
    return [
      linkedInterface(host, container, {
        owner: ownerOf(call),
        linkinfo: { kind: "macvlan", data },
        master: masterOf(call),
        mtu,
        mac: asked,
      }),
    ];
  },
  ready: (call, host) => linksReady(host, { kind: "macvlan" }, masterOf(call)),
});
