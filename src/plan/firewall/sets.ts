/**
 * The sets and maps of the table `inet flatnet`, in which each container and each published port is an element: what
 * differs between containers stands here, and the rules (layout.ts) never change.
 */
import {
  concatenation,
  ifname,
  inetProto,
  inetService,
  ipv4Addr,
  ipv6Addr,
} from "../../../netlink/netfilter/datatype.ts";
import type { SetTypes } from "../../../netlink/netfilter/sets.ts";

/** The one table of all networks. */
export const TABLE = { family: "inet", table: "flatnet" } as const;

const target4 = concatenation(ipv4Addr, inetService);
const target6 = concatenation(ipv6Addr, inetService);

/** The name of each set with the type of its keys and, for maps, of its data. */
export const sets = {
  /** Address of the host, protocol and port → address and port of the container. */
  hostports4: { key: concatenation(ipv4Addr, inetProto, inetService), data: target4 },
  hostports6: { key: concatenation(ipv6Addr, inetProto, inetService), data: target6 },
  /** Protocol and port on any address of the host → address and port of the container. */
  anyports4: { key: concatenation(inetProto, inetService), data: target4 },
  anyports6: { key: concatenation(inetProto, inetService), data: target6 },
  /** Addresses of containers with the bridge that leads to them. */
  local4: { key: concatenation(ipv4Addr, ifname) },
  local6: { key: concatenation(ipv6Addr, ifname) },
  /** Addresses of containers whose traffic is masqueraded when it leaves by another way than their bridge. */
  masquerade4: { key: ipv4Addr },
  masquerade6: { key: ipv6Addr },
  /** Addresses of such containers with their network, where its others are behind links of their own. */
  network4: { key: concatenation(ipv4Addr, ipv4Addr), flags: ["interval"] },
  network6: { key: concatenation(ipv6Addr, ipv6Addr), flags: ["interval"] },
} as const satisfies Record<string, SetTypes>;

export type SetName = keyof typeof sets;
export const setNames = Object.keys(sets) as readonly SetName[];
