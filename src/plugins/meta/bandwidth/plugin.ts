/** `bandwidth`: limits how fast packets go to the container and come from it. */
import { removes } from "../../../cni/commands.ts";
import { configured } from "../../../cni/config/configure.ts";
import type { Call, Plugin } from "../../../cni/plugin.ts";
import type { Result } from "../../../cni/result.ts";
import { identityOf } from "../../../names.ts";
import {
  attachToChain,
  type Chained,
  compareInChain,
  detachFromChain,
} from "../../../plan/attaching/chain.ts";
import { collect, ownerOf } from "../../../plan/attaching/collect.ts";
import type { Sides } from "../../../plan/attaching/sides.ts";
import type { Plan } from "../../../plan/resource.ts";
import { hostEnd, linkNamed } from "./host-end.ts";
import { ifb, ifbName, ifbs } from "./ifb.ts";
import { kernelReady } from "./kernel.ts";
import { bucketOf, type Limit, limitsOf } from "./limit.ts";
import { redirection } from "./redirection.ts";
import { shapeOfBandwidth } from "./schema.ts" with { type: "macro" };
import type { Bandwidth } from "./schema.ts";
import { shaper } from "./shaper.ts";

/** Packets that are larger than the bucket never pass. */
function warn({ command, log }: Call<Bandwidth>, { burst }: Limit, mtu: number): void {
  if (command === "ADD" && burst / 8 < mtu)
    log(`a burst of ${burst} bits lets no packet of the MTU pass, which is ${mtu} bytes`);
}

/** Only the device outlives the interface; DEL and GC know it by its name, whatever the configuration says now. */
function planOf(call: Call<Bandwidth>, sides: Sides, previous: Result | undefined): Plan {
  const { config, command, ifname } = call;
  const { host, container } = sides;
  const owner = ownerOf(call);
  if (removes(command)) return [ifb(host, { owner, mtu: 0 })];
  const { ingress, egress } = limitsOf(config);
  if (ingress === undefined && egress === undefined) return [];
  const { ifname: end = "", mtu = 0 } = hostEnd(sides, ifname, previous!);
  for (const limit of [ingress, egress]) if (limit !== undefined) warn(call, limit, mtu);
  const inward = ingress === undefined ? [] : [shaper(host, end, bucketOf(ingress))];
  if (egress === undefined) return inward;
  if (config.layout === "direct") return [...inward, shaper(container!, ifname, bucketOf(egress))];
  const device = ifbName(owner);
  return [
    ...inward,
    ifb(host, { owner, mtu }),
    // The device limits before it gets its first packet.
    shaper(host, device, bucketOf(egress)),
    redirection(host, end, device),
  ];
}

/** The result names the device that was made. */
function withDevice(call: Call<Bandwidth>, { host }: Sides, previous: Result): Result {
  const { egress } = limitsOf(call.config);
  if (egress === undefined || call.config.layout === "direct") return previous;
  const name = ifbName(ownerOf(call));
  const { address: mac } = linkNamed(host, name);
  return { ...previous, interfaces: [...previous.interfaces, { name, mac }] };
}

function chained(call: Call<Bandwidth>): Chained {
  const { ingress, egress } = removes(call.command) ? {} : limitsOf(call.config);
  return {
    request: call,
    entersContainer: ingress !== undefined || egress !== undefined,
    plan: (sides, previous) => planOf(call, sides, previous),
    result: (sides, previous) => withDevice(call, sides, previous),
  };
}

export const plugin: Plugin<Bandwidth> = {
  ...identityOf("bandwidth"),
  configure: configured(() => shapeOfBandwidth()),
  add: (call) => attachToChain(chained(call)),
  del: (call) => detachFromChain(chained(call)),
  check: (call) => compareInChain(chained(call)),
  gc: (request) => collect({ request, leftovers: [ifbs] }),
  status({ config, open }) {
    limitsOf(config);
    kernelReady(config.layout, open);
  },
};
