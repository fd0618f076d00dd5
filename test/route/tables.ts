/** Which enum, define or struct of the kernel's headers each table of rtnetlink follows, and the exceptions. */
import type { Codec, Rows } from "../../netlink/codec/index.ts";
import { Address } from "../../netlink/route/addresses.ts";
import { Bridge } from "../../netlink/route/link/bridge.ts";
import { BridgeLink, BridgeSpec } from "../../netlink/route/link/bridge-link.ts";
import { BridgePort } from "../../netlink/route/link/bridge-port.ts";
import { InetLink } from "../../netlink/route/link/inet.ts";
import { Inet6Link } from "../../netlink/route/link/inet6.ts";
import { LinkInfo } from "../../netlink/route/link/info.ts";
import { Ipvlan } from "../../netlink/route/link/ipvlan.ts";
import { Link, LinkDetails, linkHeader } from "../../netlink/route/link/link.ts";
import { Macvlan } from "../../netlink/route/link/macvlan.ts";
import { LinkMap, LinkStats, LinkStats64 } from "../../netlink/route/link/statistics.ts";
import { Tun } from "../../netlink/route/link/tun.ts";
import { Veth } from "../../netlink/route/link/veth.ts";
import { Vlan, VlanFlags } from "../../netlink/route/link/vlan.ts";
import { Vrf, VrfPort } from "../../netlink/route/link/vrf.ts";
import { Xdp } from "../../netlink/route/link/xdp.ts";
import { Metrics } from "../../netlink/route/metrics.ts";
import { RouteProtocol, RouteType, RTM, Scope, tables } from "../../netlink/route/names.ts";
import { NamespaceId } from "../../netlink/route/namespace-ids.ts";
import { Neighbour } from "../../netlink/route/neighbours.ts";
import { EncapType, nextHopFlags } from "../../netlink/route/next-hop.ts";
import { Route } from "../../netlink/route/route.ts";
import { Rule } from "../../netlink/route/rules.ts";
import { Reader } from "../../netlink/wire/reader.ts";

type Reasons = Readonly<Record<string, string>>;

/** A part of a header. */
export interface HeaderTable {
  readonly header: string;
  /** What the constants begin with. */
  readonly prefix: string;
  /** One of the enum's constants, where the prefix alone does not say which enum. */
  readonly member?: string;
  /** Constants whose names here are not their own in camel case. */
  readonly renamed?: Reasons;
  /** Constants without a row or name here, and why. */
  readonly leftOut?: Reasons;
}

/** A table of attributes. */
export type Table = Codec<unknown> & { readonly rows: Rows };

/** The table of the nest in row `key`. */
export function nestIn(table: unknown, ...path: string[]): Table {
  return path.reduce<unknown>((within, key) => {
    const row = (within as Table).rows[key];
    return row !== undefined && "codec" in row ? row.codec : undefined;
  }, table) as Table;
}

type Names = Readonly<Record<string, number>>;

/** The names of the codec in row `path` of a table, or of a codec itself. */
export const namesOf = (table: unknown, ...path: string[]): Names =>
  (nestIn(table, ...path) as unknown as { names: Names }).names;

/** The member names that `codec` reads in `size` zero bytes. */
export function keysOf(codec: Codec<unknown>, size = 2048): string[] {
  return Object.keys(codec.read(new Reader(new Uint8Array(size))) as object);
}

const NOT_SPOKEN = "no kernel reads or sends it";
const VIRTUAL_FUNCTIONS = "functions of SR-IOV hardware are kept as they come";

const SECOND_NAME = "another name has the same number";

const links: HeaderTable = {
  header: "if_link.h",
  prefix: "IFLA_",
  member: "IFLA_ADDRESS",
  leftOut: {
    COST: NOT_SPOKEN,
    PRIORITY: NOT_SPOKEN,
    WIRELESS: NOT_SPOKEN,
    VFINFO_LIST: VIRTUAL_FUNCTIONS,
    VF_PORTS: VIRTUAL_FUNCTIONS,
    PORT_SELF: VIRTUAL_FUNCTIONS,
    IF_NETNSID: SECOND_NAME,
  },
};

export type RowTable = HeaderTable & { codec: Table };

export const rowTables: readonly RowTable[] = [
  { ...links, codec: Link },
  { ...links, codec: BridgeLink },
  { header: "if_link.h", prefix: "IFLA_INFO_", member: "IFLA_INFO_KIND", codec: LinkInfo },
  { header: "if_link.h", prefix: "IFLA_BR_", member: "IFLA_BR_MAX_AGE", codec: Bridge },
  { header: "if_link.h", prefix: "IFLA_BRPORT_", member: "IFLA_BRPORT_STATE", codec: BridgePort },
  { header: "if_link.h", prefix: "IFLA_XDP_", member: "IFLA_XDP_FD", codec: Xdp },
  { header: "if_link.h", prefix: "IFLA_INET_", member: "IFLA_INET_CONF", codec: InetLink },
  { header: "if_link.h", prefix: "IFLA_INET6_", member: "IFLA_INET6_CONF", codec: Inet6Link },
  { header: "if_link.h", prefix: "IFLA_MCTP_", codec: nestIn(Link, "afSpec", "mctp") },
  {
    header: "if_link.h",
    prefix: "IFLA_PROTO_DOWN_REASON_",
    member: "IFLA_PROTO_DOWN_REASON_MASK",
    codec: nestIn(Link, "protoDownReason"),
  },
  { header: "veth.h", prefix: "VETH_INFO_", codec: Veth as unknown as Table },
  { header: "if_link.h", prefix: "IFLA_MACVLAN_", member: "IFLA_MACVLAN_MODE", codec: Macvlan },
  { header: "if_link.h", prefix: "IFLA_IPVLAN_", member: "IFLA_IPVLAN_MODE", codec: Ipvlan },
  { header: "if_link.h", prefix: "IFLA_VLAN_", member: "IFLA_VLAN_ID", codec: Vlan },
  {
    header: "if_link.h",
    prefix: "IFLA_VLAN_QOS_",
    member: "IFLA_VLAN_QOS_MAPPING",
    codec: nestIn(Vlan, "egressQos"),
  },
  { header: "if_link.h", prefix: "IFLA_VRF_", member: "IFLA_VRF_TABLE", codec: Vrf },
  { header: "if_link.h", prefix: "IFLA_VRF_PORT_", member: "IFLA_VRF_PORT_TABLE", codec: VrfPort },
  { header: "if_link.h", prefix: "IFLA_TUN_", member: "IFLA_TUN_OWNER", codec: Tun },
  {
    header: "if_bridge.h",
    prefix: "IFLA_BRIDGE_",
    member: "IFLA_BRIDGE_VLAN_INFO",
    codec: BridgeSpec,
  },
  {
    header: "if_bridge.h",
    prefix: "IFLA_BRIDGE_VLAN_TUNNEL_",
    member: "IFLA_BRIDGE_VLAN_TUNNEL_ID",
    codec: nestIn(BridgeSpec, "vlanTunnelInfo"),
  },
  {
    header: "if_bridge.h",
    prefix: "IFLA_BRIDGE_MST_ENTRY_",
    member: "IFLA_BRIDGE_MST_ENTRY_MSTI",
    codec: nestIn(BridgeSpec, "mst", "entry"),
  },
  {
    header: "if_bridge.h",
    prefix: "BRIDGE_QUERIER_",
    codec: nestIn(Bridge, "mcastQuerierState"),
  },
  { header: "if_addr.h", prefix: "IFA_", member: "IFA_LOCAL", codec: Address },
  {
    header: "rtnetlink.h",
    prefix: "RTA_",
    member: "RTA_DST",
    codec: Route,
    leftOut: {
      PROTOINFO: NOT_SPOKEN,
      SESSION: NOT_SPOKEN,
      MP_ALGO: NOT_SPOKEN,
      ENCAP: "kept as it comes: its form depends on ENCAP_TYPE",
    },
  },
  { header: "rtnetlink.h", prefix: "RTAX_", member: "RTAX_MTU", codec: Metrics },
  {
    header: "fib_rules.h",
    prefix: "FRA_",
    member: "FRA_DST",
    codec: Rule,
    leftOut: { UNUSED2: NOT_SPOKEN, UNUSED3: NOT_SPOKEN, UNUSED4: NOT_SPOKEN, UNUSED5: NOT_SPOKEN },
  },
  { header: "neighbour.h", prefix: "NDA_", member: "NDA_DST", codec: Neighbour },
  { header: "neighbour.h", prefix: "NFEA_", codec: nestIn(Neighbour, "fdbExtAttrs") },
  {
    header: "net_namespace.h",
    prefix: "NETNSA_",
    member: "NETNSA_NSID",
    codec: NamespaceId,
  },
];

/** Names of numbers. The headers may have more of them: what has no name stays a number. */
export interface NameTable extends HeaderTable {
  readonly names: Names;
  /** Names that are not in the headers of Linux 6.1, and why. */
  readonly newer?: Reasons;
}

export const nameTables: readonly NameTable[] = [
  {
    header: "if.h",
    prefix: "IFF_",
    names: namesOf(linkHeader.flags),
  },
  { header: "if_arp.h", prefix: "ARPHRD_", names: namesOf(linkHeader.type) },
  { header: "rtnetlink.h", prefix: "RTM_", names: RTM },
  { header: "rtnetlink.h", prefix: "RTEXT_FILTER_", names: namesOf(LinkDetails) },
  { header: "if.h", prefix: "IF_OPER_", names: namesOf(Link, "operstate") },
  { header: "if.h", prefix: "IF_LINK_MODE_", names: namesOf(Link, "linkmode") },
  { header: "if_link.h", prefix: "IFLA_EVENT_", names: namesOf(Link, "event") },
  { header: "if_link.h", prefix: "XDP_ATTACHED_", names: namesOf(Xdp, "attached") },
  { header: "if_link.h", prefix: "XDP_FLAGS_", names: namesOf(Xdp, "flags") },
  { header: "if_link.h", prefix: "IN6_ADDR_GEN_MODE_", names: namesOf(Inet6Link, "addrGenMode") },
  { header: "if_link.h", prefix: "MACVLAN_MODE_", names: namesOf(Macvlan, "mode") },
  { header: "if_link.h", prefix: "MACVLAN_FLAG_", names: namesOf(Macvlan, "flags") },
  { header: "if_link.h", prefix: "MACVLAN_MACADDR_", names: namesOf(Macvlan, "macaddrMode") },
  { header: "if_link.h", prefix: "IPVLAN_MODE_", names: namesOf(Ipvlan, "mode") },
  { header: "if_link.h", prefix: "IPVLAN_F_", names: namesOf(Ipvlan, "flags") },
  { header: "if_vlan.h", prefix: "VLAN_FLAG_", names: namesOf(VlanFlags) },
  { header: "if_tun.h", prefix: "IFF_", names: namesOf(Tun, "type") },
  { header: "if_bridge.h", prefix: "BR_STATE_", names: namesOf(BridgePort, "state") },
  { header: "if_bridge.h", prefix: "MDB_RTR_TYPE_", names: namesOf(Bridge, "mcastRouter") },
  { header: "if_bridge.h", prefix: "BRIDGE_FLAGS_", names: namesOf(BridgeSpec, "flags") },
  { header: "if_bridge.h", prefix: "BRIDGE_MODE_", names: namesOf(BridgeSpec, "mode") },
  {
    header: "if_bridge.h",
    prefix: "BRIDGE_VLAN_INFO_",
    names: namesOf(BridgeSpec, "vlanTunnelInfo", "flags"),
  },
  {
    header: "if_addr.h",
    prefix: "IFA_F_",
    names: namesOf(Address, "flags"),
  },
  { header: "if_addr.h", prefix: "IFAPROT_", names: namesOf(Address, "proto") },
  { header: "rtnetlink.h", prefix: "RTPROT_", names: namesOf(RouteProtocol) },
  { header: "rtnetlink.h", prefix: "RT_SCOPE_", names: namesOf(Scope) },
  { header: "rtnetlink.h", prefix: "RT_TABLE_", names: tables },
  { header: "rtnetlink.h", prefix: "RTN_", names: namesOf(RouteType) },
  { header: "rtnetlink.h", prefix: "RTNH_F_", names: nextHopFlags },
  {
    header: "rtnetlink.h",
    prefix: "RTM_F_",
    names: namesOf(Route.header.flags),
    renamed: { OFFLOAD: "rtOffload", TRAP: "rtTrap" },
    newer: Object.fromEntries(Object.keys(nextHopFlags).map((name) => [name, "one of RTNH_F_*"])),
  },
  {
    header: "rtnetlink.h",
    prefix: "RTAX_FEATURE_",
    names: namesOf(Metrics, "features"),
    newer: { tcpUsecTs: "Linux 6.7" },
  },
  { header: "icmpv6.h", prefix: "ICMPV6_ROUTER_PREF_", names: namesOf(Route, "pref") },
  { header: "lwtunnel.h", prefix: "LWTUNNEL_ENCAP_", names: namesOf(EncapType) },
  { header: "fib_rules.h", prefix: "FIB_RULE_", names: namesOf(Rule.header.flags) },
  { header: "fib_rules.h", prefix: "FR_ACT_", names: namesOf(Rule.header.action) },
  { header: "neighbour.h", prefix: "NUD_", names: namesOf(Neighbour, "ndmStateMask") },
  { header: "neighbour.h", prefix: "NTF_", names: namesOf(Neighbour, "ndmFlagsMask") },
  {
    header: "neighbour.h",
    prefix: "NTF_EXT_",
    names: namesOf(Neighbour, "flagsExt"),
    newer: { locked: "Linux 6.2", extValidated: "Linux 6.18" },
  },
];

/** Members one after another: of structs, and of arrays whose places an enum numbers. */
export interface Layout {
  readonly header: string;
  /** `struct name`, or what the enum's constants begin with. */
  readonly source: string;
  /** What the names of the struct's members begin with. */
  readonly prefix?: string;
  /** Members that have another name here, and the reserved ones, which have none. */
  readonly renamed?: Reasons;
  readonly codec: Codec<unknown>;
  /** The struct's size, where attributes follow. */
  readonly size?: number;
}

export const layouts: readonly Layout[] = [
  { header: "if_link.h", source: "struct rtnl_link_stats", codec: LinkStats },
  { header: "if_link.h", source: "struct rtnl_link_stats64", codec: LinkStats64 },
  { header: "if_link.h", source: "struct rtnl_link_ifmap", codec: LinkMap },
  { header: "if_link.h", source: "struct ifla_cacheinfo", codec: nestIn(Inet6Link, "cacheinfo") },
  { header: "if_link.h", source: "struct ifla_bridge_id", codec: nestIn(Bridge, "bridgeId"), size: 8 },
  { header: "ip.h", source: "IPV4_DEVCONF_", codec: nestIn(InetLink, "conf") },
  { header: "ipv6.h", source: "DEVCONF_", codec: nestIn(Inet6Link, "conf") },
  { header: "snmp.h", source: "ICMP6_MIB_", codec: nestIn(Inet6Link, "icmp6stats") },
  { header: "if_link.h", source: "struct ifla_vlan_flags", codec: nestIn(Vlan, "flags"), size: 8 },
  {
    header: "if_link.h",
    source: "struct ifla_vlan_qos_mapping",
    codec: nestIn(Vlan, "egressQos", "mapping"),
    size: 8,
  },
  { header: "if_bridge.h", source: "struct br_boolopt_multi", codec: nestIn(Bridge, "multiBoolopt") },
  { header: "if_bridge.h", source: "struct bridge_vlan_info", codec: nestIn(BridgeSpec, "vlanInfo") },
  {
    header: "rtnetlink.h",
    source: "struct ifinfomsg",
    prefix: "ifi_",
    renamed: { __ifi_pad: "" },
    codec: Link,
    size: 16,
  },
  {
    header: "if_addr.h",
    source: "struct ifaddrmsg",
    prefix: "ifa_",
    renamed: { ifa_flags: "headerFlags" },
    codec: Address,
    size: 8,
  },
  {
    header: "if_addr.h",
    source: "struct ifa_cacheinfo",
    prefix: "ifa_",
    codec: nestIn(Address, "cacheinfo"),
  },
  {
    header: "rtnetlink.h",
    source: "struct rtmsg",
    prefix: "rtm_",
    renamed: { rtm_table: "headerTable" },
    codec: Route,
    size: 12,
  },
  {
    header: "rtnetlink.h",
    source: "struct rta_cacheinfo",
    prefix: "rta_",
    codec: nestIn(Route, "cacheinfo"),
  },
  {
    header: "rtnetlink.h",
    source: "struct rta_mfc_stats",
    prefix: "mfcs_",
    codec: nestIn(Route, "mfcStats"),
  },
  {
    header: "fib_rules.h",
    source: "struct fib_rule_hdr",
    renamed: { table: "headerTable", res1: "", res2: "" },
    codec: Rule,
    size: 12,
  },
  { header: "fib_rules.h", source: "struct fib_rule_uid_range", codec: nestIn(Rule, "uidRange") },
  { header: "fib_rules.h", source: "struct fib_rule_port_range", codec: nestIn(Rule, "sportRange") },
  {
    header: "neighbour.h",
    source: "struct ndmsg",
    prefix: "ndm_",
    renamed: { ndm_ifindex: "index", ndm_pad1: "", ndm_pad2: "" },
    codec: Neighbour,
    size: 12,
  },
  {
    header: "neighbour.h",
    source: "struct nda_cacheinfo",
    prefix: "ndm_",
    codec: nestIn(Neighbour, "cacheinfo"),
  },
];
