/** The plan of `ptp`: a pair between host and container, and a way between both for each address alone. */
import { deleteRoute } from "../../../../netlink/route/routes.ts";
import { formatAddress } from "../../../../netlink/wire/address.ts";
import { firstOf, networkOf, parseCidr, withoutPrefix } from "../../../../netlink/wire/cidr.ts";
import type { Dns, IpConfig, Result, Route } from "../../../cni/result.ts";
import type { Sides } from "../../../plan/attaching/sides.ts";
import { masqueraded } from "../../../plan/firewall/entries.ts";
import { firewall } from "../../../plan/firewall/resource.ts";
import { endAddress, hostDevice, single } from "../../../plan/gateway.ts";
import { addressedInterface, familiesOf, interfaceRoutes } from "../../../plan/interface.ts";
import { hostLinkName, type Owner } from "../../../plan/owner.ts";
import type { Plan, Resource } from "../../../plan/resource.ts";
import { exactRoute } from "../../../plan/routes.ts";
import type { Side } from "../../../plan/side.ts";
import { ignoringAdvertisements, sysctls } from "../../../plan/sysctls.ts";
import { forwardingOf } from "../../../plan/uplinks.ts";
import { containerIndex, containerLink, vethPair } from "../../../plan/veth.ts";

/** The pair, which needs no addresses. */
export interface Pair {
  readonly owner: Owner;
  /** Bytes, of both ends; 0 leaves it to the kernel. */
  readonly mtu: number;
}

/** Everything that the plan is made from. */
export interface PointToPoint extends Pair {
  readonly ips: readonly IpConfig[];
  readonly routes: readonly Route[];
  readonly dns: Dns;
  readonly masquerade: boolean;
}

/** An address of the container, with the gateway that the host is for it. */
interface Way {
  /** With the prefix length of its network. */
  readonly address: string;
  readonly gateway: string;
}

const waysOf = (ips: readonly IpConfig[]): Way[] =>
  ips.flatMap(({ address, gateway }) => (gateway === undefined ? [] : [{ address, gateway }]));

/** The first way of each gateway, or of each network: several addresses may share them. */
const firstOfEach = (ways: readonly Way[], key: (way: Way) => string): Way[] =>
  ways.filter((way, index) => ways.findIndex((other) => key(other) === key(way)) === index);

const gatewayOf = ({ gateway }: Way): string => gateway;
const networkOfWay = ({ address }: Way): string => networkOf(parseCidr(address));

/** The gateway is reached by the link itself, whatever network its address is in. */
const toGateway = (container: Side, ifname: string, { address, gateway }: Way): Resource =>
  exactRoute(container, ifname, () => containerIndex(container, ifname), {
    dst: single(gateway),
    scope: "link",
    source: withoutPrefix(address),
  });

/**
 * All other hosts of the network are behind the gateway: none is on the link, as the kernel's own route to the network
 * says. An address that is a network of its own has no others.
 */
function toNetwork(container: Side, ifname: string, { address, gateway }: Way): Resource[] {
  const cidr = parseCidr(address);
  const dst = networkOf(cidr);
  if (dst === single(withoutPrefix(address))) return [];
  const route = exactRoute(container, ifname, () => containerIndex(container, ifname), {
    dst,
    gateway,
    source: withoutPrefix(address),
  });
  const onLink = () =>
    deleteRoute({
      dst: formatAddress(firstOf(cidr)),
      dstLen: cidr.prefix,
      oif: containerIndex(container, ifname),
      protocol: "kernel",
    });
  return [
    {
      ...route,
      ensure() {
        const [refusal] = container.route.attempt([onLink()]);
        if (refusal !== undefined && refusal.code !== "ESRCH") throw refusal;
        return route.ensure();
      },
    },
  ];
}

function insidePlan(container: Side, { owner: { ifname }, ips, routes }: PointToPoint): Plan {
  const ways = waysOf(ips);
  const options = { ifname, ips, routes, detectDuplicates: undefined, announce: false };
  return [
    ...addressedInterface(container, options),
    ...firstOfEach(ways, gatewayOf).map((way) => toGateway(container, ifname, way)),
    // Before the route to the network goes: they may name a gateway there.
    ...interfaceRoutes(container, options),
    ...firstOfEach(ways, networkOfWay).flatMap((way) => toNetwork(container, ifname, way)),
  ];
}

/** The host as the gateway of each address, and the way to it. Networks of many containers are one by these alone. */
function outsidePlan(host: Side, { owner, ips }: PointToPoint): Plan {
  const end = hostLinkName(owner);
  const ways = waysOf(ips);
  return [
    ...firstOfEach(ways, gatewayOf).map(({ gateway }) => endAddress(host, end, gateway)),
    ...ways.map(({ address }) =>
      exactRoute(host, end, () => hostDevice(host, end).index, {
        dst: single(withoutPrefix(address)),
        scope: "host",
      }),
    ),
  ];
}

export const linkPlan = ({ owner, mtu }: Pair, { host, container, mac }: Sides): Plan => [
  vethPair(host, container, { owner, bridge: undefined, mtu, mac }),
  sysctls(host, [ignoringAdvertisements(hostLinkName(owner))]),
];

export function addressedPlan(wanted: PointToPoint, { host, container }: Sides): Plan {
  const { owner, ips, masquerade } = wanted;
  const addresses = ips.map(({ address }) => address);
  return [
    ...(container === undefined ? [] : [...insidePlan(container, wanted), ...outsidePlan(host, wanted)]),
    ...(masquerade
      ? [
          firewall(host, {
            owner,
            roles: ["masquerade"],
            entries: masqueraded(addresses, hostLinkName(owner), true),
            link: hostLinkName(owner),
          }),
        ]
      : []),
    // Last, since it is never taken back: an ADD that fails leaves the host as it was.
    ...forwardingOf(host, familiesOf(ips)),
  ];
}

/** The container's interface among a result's: `interfaces` are the host's end and the container's. */
const CONTAINER = 1;

/** @param sandbox `CNI_NETNS` as passed */
export function resultOf(
  { owner, ips, routes, dns }: PointToPoint,
  { host, container }: Sides,
  sandbox: string,
): Result {
  const outer = hostLinkName(owner);
  const inner = container!.linkOf(owner.ifname, () => containerLink(container!, owner.ifname));
  return {
    interfaces: [
      { name: outer, mac: hostDevice(host, outer).address },
      { name: owner.ifname, mac: inner.address, sandbox },
    ],
    ips: ips.map((ip) => ({ ...ip, interface: CONTAINER })),
    routes,
    dns,
  };
}
