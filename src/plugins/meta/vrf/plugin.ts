/** `vrf`: puts the interface that the plugins before made into a VRF, a routing domain of its own. */
import { removes } from "../../../cni/commands.ts";
import { configured } from "../../../cni/config/configure.ts";
import type { Call, Plugin } from "../../../cni/plugin.ts";
import { emptyResult } from "../../../cni/result.ts";
import { identityOf } from "../../../names.ts";
import {
  attachToChain,
  type Chained,
  compareInChain,
  detachFromChain,
} from "../../../plan/attaching/chain.ts";
import { previousAddresses } from "../../../plan/attaching/previous.ts";
import { requireKind } from "../../../plan/kinds.ts";
import { Side } from "../../../plan/side.ts";
import { vrfDevice } from "./device.ts";
import { vrfPort } from "./port.ts";
import { shapeOfVrf } from "./schema.ts" with { type: "macro" };
import type { Vrf } from "./schema.ts";

const chained = (call: Call<Vrf>): Chained => ({
  request: call,
  entersContainer: true,
  plan({ container }, previous = emptyResult) {
    const { ifname, config } = call;
    const { vrfname: name, table } = config;
    // A DEL whose configuration has lost the name cannot know which VRF it was; it goes with the container.
    if (container === undefined || name === undefined) return [];
    if (!removes(call.command)) container.takeTurn();
    const ips = previousAddresses(previous, ifname);
    return [
      vrfDevice(container, { name, table }),
      vrfPort(container, { ifname, vrf: name, ips, routes: previous.routes }),
    ];
  },
});

export const plugin: Plugin<Vrf> = {
  ...identityOf("vrf"),
  configure: configured(() => shapeOfVrf()),
  add: (call) => attachToChain(chained(call)),
  del: (call) => detachFromChain(chained(call)),
  check: (call) => compareInChain(chained(call)),
  // All that there is, is in the containers, and goes with them.
  gc() {},
  status({ open }) {
    using host = new Side("host", undefined, open);
    requireKind(host, { kind: "vrf" });
  },
};
