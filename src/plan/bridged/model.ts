/** A container attached to a bridge: everything that the plans of `bridge` and `flatnet` are made from. */
import type { Dns, IpConfig, Route } from "../../cni/result.ts";
import type { PublishedPort } from "../firewall/ports.ts";
import type { Role } from "../firewall/sets.ts";
import type { Owner } from "../owner.ts";
import type { PortVlans } from "../vlans.ts";

/** The bridge and the interface on it, which need no addresses. */
export interface BridgedLink {
  readonly owner: Owner;
  /** `CNI_NETNS` as passed. */
  readonly sandbox: string;
  readonly bridge: {
    readonly name: string;
    readonly promiscuous: boolean;
    /** Bytes; 0 leaves it to the kernel. Of a new bridge, and of both ends of the veth pair. */
    readonly mtu: number;
  };
  readonly port: { readonly hairpin: boolean; readonly isolated: boolean };
  /** Absent where the bridge is used without VLANs. */
  readonly vlans: PortVlans | undefined;
  /** The link-layer address of the container's end, when it was asked for. */
  readonly mac: string | undefined;
  /** Only the container's own link-layer address may send. */
  readonly checkSpoofing: boolean;
}

export interface Bridged extends BridgedLink {
  /** Duplicate address detection in the container. */
  readonly detectDuplicates: boolean;
  /** The container's end is set up and configured. */
  readonly containerUp: boolean;
  readonly ips: readonly IpConfig[];
  readonly routes: readonly Route[];
  readonly dns: Dns;
  /** The gateways' addresses go to the bridge, and the host forwards. */
  readonly isGateway: boolean;
  /** An address on the bridge that is in the way is replaced. */
  readonly forceAddress: boolean;
  /** What there may be elements of the firewall for, now or since the attachment's ADD. */
  readonly roles: readonly Role[];
  readonly masquerade: boolean;
  /** DEL: nothing is masqueraded now, but may have been at the attachment's ADD. */
  readonly masqueradeUnlikely: boolean;
  readonly ports: readonly PublishedPort[];
}
