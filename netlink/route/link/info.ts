/** What kind a link is, and what its kind and its master's kind say of it (IFLA_INFO_*, linux/if_link.h). */
import { asym, attr, attrs, byKind, bytes, cstring, text } from "../../codec/index.ts";
import { NoData } from "../no-data.ts";
import { Bridge } from "./bridge.ts";
import { BridgePort } from "./bridge-port.ts";
import { Ipvlan } from "./ipvlan.ts";
import { Macvlan } from "./macvlan.ts";
import { Tun } from "./tun.ts";
import { Veth } from "./veth.ts";
import { Vlan } from "./vlan.ts";
import { Vrf, VrfPort } from "./vrf.ts";

/** A name that the kernel gives with a NUL, and takes without one, as iproute2 sends it. */
const kindName = asym(text, cstring);

/** The data of kinds without a codec here is kept among the unknown attributes. */
export const LinkInfo = attrs(() => ({
  /** `veth`, `bridge`, or `otherKind("vxlan")`. */
  kind: attr(1, kindName),
  data: byKind(2, "kind", {
    veth: Veth,
    bridge: Bridge,
    macvlan: Macvlan,
    macvtap: Macvlan,
    ipvlan: Ipvlan,
    ipvtap: Ipvlan,
    vlan: Vlan,
    vrf: Vrf,
    dummy: NoData,
    ifb: NoData,
    tun: Tun,
  }),
  /** Counters of the kind, in a form of its own. */
  xstats: attr(3, bytes),
  /** The kind of the link's master. */
  slaveKind: attr(4, kindName),
  slaveData: byKind(5, "slaveKind", { bridge: BridgePort, vrf: VrfPort }),
}));
