/** The plan of a container on a bridge: what `bridge` and `flatnet` make, compare and remove, in order. */
import { parseCidr } from "../../../netlink/wire/cidr.ts";
import type { Sides } from "../attaching/sides.ts";
import { bridge } from "../bridge.ts";
import { masqueraded, published } from "../firewall/entries.ts";
import { staleFlows } from "../firewall/flows.ts";
import { loopbackRoutes } from "../firewall/loopback.ts";
import { firewall } from "../firewall/resource.ts";
import { spoofCheck } from "../firewall/spoof.ts";
import { gatewayAddress } from "../gateway.ts";
import { configuredInterface, familiesOf } from "../interface.ts";
import { hostLinkName } from "../owner.ts";
import { bridgePort, carrier } from "../port.ts";
import type { Plan, Resource } from "../resource.ts";
import type { Side } from "../side.ts";
import { ignoringAdvertisements, sysctls } from "../sysctls.ts";
import { forwardingOf } from "../uplinks.ts";
import { vethPair } from "../veth.ts";
import { portVlans, vlanGateway, vlanGatewayName } from "../vlans.ts";
import type { Bridged, BridgedLink } from "./model.ts";

/** The gateways' addresses with the prefix of the network they serve, each once. */
export function gateways({ ips }: Bridged): string[] {
  const cidrs = ips
    .filter(({ gateway }) => gateway !== undefined)
    .map(({ address, gateway }) => `${gateway}/${parseCidr(address).prefix}`);
  return [...new Set(cidrs)];
}

/** The device by which the host and the containers reach each other: the bridge, or its device in their VLAN. */
export const gatewayDevice = ({ bridge: { name }, vlans }: BridgedLink): string =>
  vlans?.gatewayDevice ? vlanGatewayName(name, vlans.untagged) : name;

function gatewaySide(bridged: Bridged, host: Side): Resource[] {
  if (!bridged.isGateway) return [];
  const {
    bridge: { name },
    vlans,
    forceAddress: force,
  } = bridged;
  const port = hostLinkName(bridged.owner);
  const device = gatewayDevice(bridged);
  return [
    ...(vlans?.gatewayDevice ? [vlanGateway(host, { bridge: name, vlans, first: port })] : []),
    ...gateways(bridged).map((cidr) => gatewayAddress(host, { bridge: name, device, cidr, force, port })),
  ];
}

/** The host forwards what it is the gateway of. */
const forwarded = ({ isGateway, ips }: Bridged, host: Side): Resource[] =>
  isGateway ? forwardingOf(host, familiesOf(ips)) : [];

function networkRules(bridged: Bridged, host: Side): Resource[] {
  const { owner, ips, masquerade, masqueradeUnlikely, ports, roles } = bridged;
  if (roles.length === 0) return [];
  const device = gatewayDevice(bridged);
  const addresses = ips.map(({ address }) => address);
  const publishing = { ports, linkTo: () => device, snat: true };
  const entries = [...(masquerade ? masqueraded(addresses, device) : []), ...published(publishing)];
  return [
    ...loopbackRoutes(host, publishing),
    firewall(host, { owner, roles, entries, link: hostLinkName(owner), unlikely: masqueradeUnlikely }),
    ...staleFlows(host, ports),
  ];
}

/** The bridge, and the interface on it. */
export function linkPlan(link: BridgedLink, { host, container, mac }: Sides): Plan {
  const { owner, vlans, port } = link;
  const { name, mtu, promiscuous } = link.bridge;
  return [
    bridge(host, { name, mtu, promiscuous, vlanFiltering: vlans !== undefined }),
    vethPair(host, container, { owner, bridge: name, mtu, mac: mac ?? link.mac }),
    bridgePort(host, owner, port),
    sysctls(host, [ignoringAdvertisements(hostLinkName(owner))]),
    ...(vlans === undefined ? [] : [portVlans(host, owner, name, vlans)]),
    ...(link.checkSpoofing ? [spoofCheck(host, container, owner)] : []),
  ];
}

/** What should exist beside the interface once its addresses are known. */
export function addressedPlan(bridged: Bridged, { host, container }: Sides): Plan {
  const { ips, routes, detectDuplicates, containerUp, owner } = bridged;
  const { ifname } = owner;
  return [
    ...gatewaySide(bridged, host),
    ...(container !== undefined && containerUp
      ? configuredInterface(container, { ifname, ips, routes, detectDuplicates, announce: true })
      : []),
    ...networkRules(bridged, host),
    ...(containerUp ? [carrier(host, owner)] : []),
    // Last, since others may rely on it at once and it is never taken back: an ADD that fails leaves the host as it was.
    ...forwarded(bridged, host),
  ];
}
