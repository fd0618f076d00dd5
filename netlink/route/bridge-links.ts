/**
 * Requests about what a bridge says of its ports and of itself: link messages of the family `bridge`
 * (net/core/rtnetlink.c and net/bridge/br_netlink.c of the kernel). Nothing is sent here.
 */
import type { InferInput } from "../codec/index.ts";
import { change, dump, type Query, type Request } from "../message/request.ts";
import { BridgeLink, type BridgeLinkInput, type BridgeSpec } from "./link/bridge-link.ts";
import type { LinkDetails } from "./link/link.ts";
import { RTM } from "./names.ts";

/**
 * Changes a bridge's port: `bridge link set`. Each option of `protinfo` is also in the `slaveData` of `setLink`.
 * @returns a request refused with `ENODEV` when there is no such link, `EINVAL` when it is not a bridge's port
 */
export function setBridgeLink(link: BridgeLinkInput & { index: number }): Request {
  return change(`bridgeLink.set ${link.index}`, RTM.setlink, 0, BridgeLink, { family: "bridge", ...link });
}

/**
 * Puts a port, or with the flag `self` the bridge, into VLANs: `bridge vlan add`.
 * @returns a request refused with `EOPNOTSUPP` by kernels without CONFIG_BRIDGE_VLAN_FILTERING
 */
export function addBridgeVlans(index: number, vlans: InferInput<typeof BridgeSpec>): Request {
  return change(`bridgeLink.addVlans ${index}`, RTM.setlink, 0, BridgeLink, {
    family: "bridge",
    index,
    afSpec: vlans,
  });
}

/** Takes a port, or with the flag `self` the bridge, out of VLANs: `bridge vlan delete`. */
export function deleteBridgeVlans(index: number, vlans: InferInput<typeof BridgeSpec>): Request {
  return change(`bridgeLink.deleteVlans ${index}`, RTM.dellink, 0, BridgeLink, {
    family: "bridge",
    index,
    afSpec: vlans,
  });
}

/**
 * Asks for all bridges and their ports: `bridge link show`, `bridge vlan show`.
 * @param filter.extMask `["brvlanCompressed"]` adds the VLANs, ranges as their first and last
 */
export function listBridgeLinks(
  filter: { extMask?: InferInput<typeof LinkDetails> } = {},
): Query<BridgeLink> {
  return dump("bridgeLink.list", RTM.getlink, BridgeLink, { family: "bridge", ...filter }, BridgeLink);
}
