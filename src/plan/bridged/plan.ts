/** The plan of a container on a bridge: what `bridge` and `flatnet` make, compare and remove, in order. */
import { familyOf } from "../../../netlink/wire/address.ts";
import { parseCidr } from "../../../netlink/wire/cidr.ts";
import { containerAddress, gatewayAddress, interfaceUp, settled } from "../addresses.ts";
import { bridge, loopbackRouting } from "../bridge.ts";
import { staleFlows } from "../firewall/flows.ts";
import { firewall } from "../firewall/resource.ts";
import { spoofCheck } from "../firewall/spoof.ts";
import { hostLinkName } from "../owner.ts";
import { bridgePort, carrier } from "../port.ts";
import type { Plan, Resource } from "../resource.ts";
import { containerRoute } from "../routes.ts";
import type { Side } from "../side.ts";
import { forwarding, ignoringAdvertisements, type Setting, sysctls } from "../sysctls.ts";
import { vethPair } from "../veth.ts";
import { portVlans, vlanGateway, vlanGatewayName } from "../vlans.ts";
import type { Bridged } from "./model.ts";

/** The families that the attachment has addresses of. */
function families({ ips }: Bridged): Set<4 | 6> {
  return new Set(ips.map(({ address }) => familyOf(address)));
}

/** The gateways' addresses with the prefix of the network they serve, each once. */
export function gateways({ ips }: Bridged): string[] {
  const cidrs = ips
    .filter(({ gateway }) => gateway !== undefined)
    .map(({ address, gateway }) => `${gateway}/${parseCidr(address).prefix}`);
  return [...new Set(cidrs)];
}

/** How the container's interface treats addresses, decided before it has any. */
function interfaceSettings(bridged: Bridged): Setting[] {
  const { ifname } = bridged.owner;
  const v4 = `net/ipv4/conf/${ifname}`;
  const v6 = `net/ipv6/conf/${ifname}`;
  const announcing: Setting = { key: `${v4}/arp_notify`, value: "1", optional: true };
  const detecting: Setting[] = bridged.detectDuplicates
    ? [
        { key: `${v6}/enhanced_dad`, value: "1", optional: true },
        { key: `${v6}/accept_dad`, value: "1", optional: true },
      ]
    : [{ key: `${v6}/accept_dad`, value: "0", optional: true }];
  if (!families(bridged).has(6)) return [...detecting, announcing];
  return [
    ...detecting,
    announcing,
    // Not without an IPv6 address: the kernel passes what is announced to every port of the bridge.
    { key: `${v6}/ndisc_notify`, value: "1", optional: true },
    // A runtime may have switched IPv6 off in the container; an IPv6 address asks for it.
    { key: "net/ipv6/conf/lo/disable_ipv6", value: "0", optional: true },
    { key: `${v6}/disable_ipv6`, value: "0" },
    { key: `${v6}/keep_addr_on_down`, value: "1", unchecked: true },
  ];
}

function configuredInterface(bridged: Bridged, container: Side): Resource[] {
  const { ifname } = bridged.owner;
  const hasGateway6 = bridged.ips.some(({ gateway }) => gateway !== undefined && familyOf(gateway) === 6);
  return [
    // An interface without addresses is left to whoever gives it some.
    ...(bridged.ips.length > 0 ? [sysctls(container, interfaceSettings(bridged))] : []),
    ...bridged.ips.map(({ address }) => containerAddress(container, ifname, address)),
    interfaceUp(container, ifname),
    ...(hasGateway6 ? [settled(container, ifname)] : []),
    ...routesOf(bridged).map((route) => containerRoute(container, ifname, route)),
  ];
}

/** The routes with the gateway of their family where they name none. */
function routesOf({ routes, ips }: Bridged) {
  const gatewayOf = (dst: string): string | undefined =>
    ips.find(({ gateway }) => gateway !== undefined && familyOf(gateway) === familyOf(dst))?.gateway;
  return routes.map((route) => {
    const gw = route.gw ?? gatewayOf(route.dst);
    return gw === undefined ? route : { ...route, gw };
  });
}

function gatewaySide(bridged: Bridged, host: Side): Resource[] {
  if (!bridged.isGateway) return [];
  const {
    bridge: { name, mtu },
    vlans,
    forceAddress,
  } = bridged;
  const gatewayVlan = vlans?.gatewayDevice ? vlans.untagged : undefined;
  const device = gatewayVlan === undefined ? name : vlanGatewayName(name, gatewayVlan);
  return [
    ...(gatewayVlan === undefined ? [] : [vlanGateway(host, { bridge: name, vlan: gatewayVlan, mtu })]),
    ...gateways(bridged).map((cidr) =>
      gatewayAddress(host, { bridge: name, device, cidr, force: forceAddress }),
    ),
  ];
}

/** The host forwards what it is the gateway of. */
const forwarded = (bridged: Bridged, host: Side): Resource[] =>
  bridged.isGateway ? [sysctls(host, [...families(bridged)].map(forwarding))] : [];

function networkRules(bridged: Bridged, host: Side): Resource[] {
  const { owner, ips, masquerade, ports } = bridged;
  if (!bridged.usesFirewall) return [];
  const { name } = bridged.bridge;
  const addresses = ips.map(({ address }) => address);
  return [
    ...(ports.some(({ containerAddress }) => familyOf(containerAddress) === 4)
      ? [loopbackRouting(host, name)]
      : []),
    firewall(host, { owner, bridge: name, addresses, masquerade, ports }),
    ...staleFlows(host, ports),
  ];
}

/**
 * What should exist for an attachment.
 * @param container absent when its namespace is gone, which only removing can do without
 */
export function plan(bridged: Bridged, host: Side, container: Side | undefined): Plan {
  const { owner, vlans, mac, port } = bridged;
  const { name, mtu, promiscuous } = bridged.bridge;
  return [
    bridge(host, { name, mtu, promiscuous, vlanFiltering: vlans !== undefined }),
    ...gatewaySide(bridged, host),
    vethPair(host, container, { owner, bridge: name, mtu, mac }),
    bridgePort(host, owner, port),
    sysctls(host, [ignoringAdvertisements(hostLinkName(owner))]),
    ...(vlans === undefined ? [] : [portVlans(host, owner, vlans)]),
    ...(bridged.checkSpoofing ? [spoofCheck(host, container, owner)] : []),
    ...(container !== undefined && bridged.containerUp ? configuredInterface(bridged, container) : []),
    ...networkRules(bridged, host),
    ...(bridged.containerUp ? [carrier(host, owner)] : []),
    // Last, since others may rely on it at once and it is never taken back: an ADD that fails leaves the host as it was.
    ...forwarded(bridged, host),
  ];
}
