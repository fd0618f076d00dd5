/** `tap`: an interface whose frames a program reads and writes, as the reference plugin of that name has it. */
import { CniError, codes } from "../../../cni/error.ts";
import type { Call } from "../../../cni/plugin.ts";
import { identityOf } from "../../../names.ts";
import { ownerOf } from "../../../plan/attaching/collect.ts";
import { ipamIfAny } from "../../../plan/attaching/leased.ts";
import { askedMac } from "../../../plan/attaching/mac.ts";
import { kindHint } from "../../../plan/kinds.ts";
import { linkedPlugin, ownDns } from "../../../plan/linked/plugin.ts";
import { portInContainer, tapInterface } from "../../../plan/linked/tap.ts";
import { exists } from "../../../sys/directories.ts";
import { TUN_DEVICE } from "../../../sys/tap.ts";
import { makeLabelled } from "./labelled.ts";
import { shapeOfTap } from "./schema.ts" with { type: "macro" };
import type { Tap } from "./schema.ts";

function requireTun(): void {
  if (exists(TUN_DEVICE)) return;
  throw new CniError({
    code: codes.notAvailable,
    operation: "serve the network",
    cause: `there is no ${TUN_DEVICE}`,
    hint: `${kindHint("tun")}, and let the plugin see that device`,
  });
}

export const plugin = linkedPlugin<Tap>({
  identity: identityOf("tap"),
  shape: () => shapeOfTap(),
  ipam: ipamIfAny,
  announces: true,
  dns: ownDns,
  link(call: Call<Tap>, { host, container, mac }) {
    const { multiQueue, owner: user, group, mtu, bridge, selinuxContext } = call.config;
    const link = tapInterface(host, container, {
      owner: ownerOf(call),
      tap: { multiQueue, user, group },
      mtu,
      mac: mac ?? askedMac(call, ["capability", "MAC", "mac"]),
      create: selinuxContext ? (side) => makeLabelled(call, selinuxContext, side) : undefined,
    });
    return bridge === undefined ? [link] : [link, portInContainer(container, call.ifname, bridge)];
  },
  ready: requireTun,
});
