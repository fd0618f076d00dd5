/** VLANs of bridge ports, and the gateway's own device in a VLAN. */

import { KernelError } from "../../netlink/errors.ts";
import { addBridgeVlans, deleteBridgeVlans, listBridgeLinks } from "../../netlink/route/bridge-links.ts";
import { createLink, deleteLink, getLinkSummary } from "../../netlink/route/links.ts";
import { isInterfaceName } from "../cni/names.ts";
import { randomHex } from "../sys/random.ts";
import { bridgeIndex, isUnused } from "./bridge.ts";
import { hashOf, hostLinkName, type Owner } from "./owner.ts";
import { allOrNothing, type Made, type Resource, type Undo, undoable } from "./resource.ts";
import type { Side } from "./side.ts";

export interface PortVlans {
  /** The VLAN of untagged traffic, 1 to 4094. */
  readonly untagged: number;
  /** VLANs whose traffic keeps its tag. */
  readonly tagged: readonly number[];
  /** The gateway has a device of its own in the VLAN (`vlanGatewayName`). */
  readonly gatewayDevice: boolean;
  /** Keep the VLANs that the bridge itself gave the port. */
  readonly keepDefault: boolean;
}

type VlanInfo = {
  readonly vid: number;
  readonly flags: readonly ("pvid" | "untagged" | "master" | number)[];
};

const UNTAGGED: VlanInfo["flags"] = ["pvid", "untagged"];

/** The VLANs that the kernel lists for a port. */
function vlansOf(host: Side, index: number): readonly { vid: number }[] {
  const port = host.route.list(listBridgeLinks({ extMask: ["brvlan"] })).find((link) => link.index === index);
  return port?.afSpec?.vlanInfo ?? [];
}

const wantedVlans = ({ untagged, tagged }: PortVlans): VlanInfo[] => [
  { vid: untagged, flags: UNTAGGED },
  ...tagged.filter((vid) => vid !== untagged).map((vid) => ({ vid, flags: [] })),
];

function addVlans(host: Side, index: number, vlans: readonly VlanInfo[]): void {
  // One request a VLAN: the kernel takes several in one only as ranges.
  for (const info of vlans) host.route.do(addBridgeVlans(index, { flags: ["master"], vlanInfo: [info] }));
}

/** The VLANs of an attachment's port. They go with its link. */
export const portVlans = (host: Side, owner: Owner, vlans: PortVlans): Resource => ({
  describe: () => `VLANs ${[vlans.untagged, ...vlans.tagged].join(", ")} of ${hostLinkName(owner)}`,
  ensure() {
    const { index } = host.route.get(getLinkSummary({ ifname: hostLinkName(owner) }));
    if (!vlans.keepDefault) {
      for (const { vid } of vlansOf(host, index)) {
        host.route.do(deleteBridgeVlans(index, { flags: ["master"], vlanInfo: [{ vid, flags: [] }] }));
      }
    }
    addVlans(host, index, wantedVlans(vlans));
    return undefined;
  },
  check() {
    const { index } = host.route.get(getLinkSummary({ ifname: hostLinkName(owner) }));
    const found = new Set(vlansOf(host, index).map(({ vid }) => vid));
    return wantedVlans(vlans).flatMap(({ vid }) => (found.has(vid) ? [] : [`VLAN ${vid} is missing`]));
  },
  remove: () => undefined,
});

/**
 * The name of the gateway's device in a VLAN of a bridge: `<bridge>.<vlan>`, and where the kernel would not take so long
 * a name `br<hash of the bridge's>.<vlan>`.
 */
export function vlanGatewayName(bridge: string, vlan: number): string {
  const name = `${bridge}.${vlan}`;
  return isInterfaceName(name) ? name : `br${hashOf(bridge)}.${vlan}`;
}

interface VlanGatewayOptions {
  readonly bridge: string;
  readonly vlan: number;
  /** Bytes; 0 leaves it to the kernel. */
  readonly mtu: number;
  /** The port of the bridge that it is made for. */
  readonly first: string;
}

/** A veth pair in the host, one end a port of the bridge in the VLAN, the other the gateway's. Shared: it stays. */
export const vlanGateway = (host: Side, { bridge, vlan, mtu, first }: VlanGatewayOptions): Resource => {
  const name = vlanGatewayName(bridge, vlan);
  const exists = (): boolean => host.route.find(getLinkSummary({ ifname: name })) !== undefined;
  const create = (made: Made): Undo => {
    const port = `veth${randomHex(4)}`;
    const master = bridgeIndex(host, bridge);
    const up = { flags: ["up" as const], ...(mtu > 0 && { mtu }) };
    const peer = { ifname: name, ...up };
    const pair = createLink({ ifname: port, master, ...up, linkinfo: { kind: "veth", data: { peer } } });
    const undo = undoable(
      () => host.route.do(pair),
      () => {
        if (isUnused(host, { index: master }, port, first))
          host.route.attempt([deleteLink({ ifname: port })]);
      },
    );
    made.remember(undo);
    const { index } = host.route.get(getLinkSummary({ ifname: port }));
    addVlans(host, index, [{ vid: vlan, flags: UNTAGGED }]);
    return undo;
  };
  return {
    describe: () => `gateway device ${name}`,
    ensure() {
      if (exists()) return undefined;
      try {
        return allOrNothing(create);
      } catch (error) {
        // Another call was faster.
        if (error instanceof KernelError && error.code === "EEXIST" && exists()) return undefined;
        throw error;
      }
    },
    check: () => (exists() ? [] : ["it is not there"]),
    remove: () => undefined,
  };
};
