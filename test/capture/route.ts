/** The attributes of route netlink that are more than a number. */
import { all, choose, nest, nestIfKnown, plain, type Shape, struct } from "./shape.ts";

/** Kinds whose attributes do not begin with the kind's own name. */
const DATA_OF: Record<string, string> = {
  bridge: "IFLA_BR",
  veth: "VETH_INFO",
  macvtap: "IFLA_MACVLAN",
  ipvtap: "IFLA_IPVLAN",
};

const PORT_DATA_OF: Record<string, string> = { bridge: "IFLA_BRPORT", vrf: "IFLA_VRF_PORT" };

const linkData = (kind = "") => nestIfKnown(DATA_OF[kind] ?? `IFLA_${kind.toUpperCase()}`);

const AF_INET = 2;
const AF_BRIDGE = 7;
const AF_INET6 = 10;

/** What is inside `IFLA_AF_SPEC`, by address family. */
export const families: ReadonlyMap<number, { name: string; shape: Shape }> = new Map([
  [AF_INET, { name: "AF_INET", shape: nest("IFLA_INET_CONF") }],
  [AF_INET6, { name: "AF_INET6", shape: nest("IFLA_INET6_FLAGS") }],
]);

/** Links of every kind, bridges and their ports. */
const link: Record<string, Shape> = {
  ...all(
    plain("string"),
    "IFLA_IFNAME IFLA_IFALIAS IFLA_QDISC IFLA_ALT_IFNAME IFLA_INFO_KIND IFLA_INFO_SLAVE_KIND",
  ),
  ...all(plain("string"), "IFLA_PHYS_PORT_NAME IFLA_PARENT_DEV_NAME IFLA_PARENT_DEV_BUS_NAME"),
  ...all(plain("mac"), "IFLA_ADDRESS IFLA_BROADCAST IFLA_PERM_ADDRESS IFLA_BR_GROUP_ADDR"),
  ...all(plain("bytes"), "IFLA_BR_ROOT_ID IFLA_BR_BRIDGE_ID IFLA_BRPORT_ROOT_ID IFLA_BRPORT_BRIDGE_ID"),
  ...all(plain("numbers"), "IFLA_INET_CONF IFLA_INET6_CONF IFLA_INET6_STATS IFLA_INET6_ICMP6STATS"),
  ...all(plain("ip"), "IFLA_INET6_TOKEN IFLA_VXLAN_GROUP IFLA_VXLAN_LOCAL"),
  ...all(
    plain("networkNumber"),
    "IFLA_BR_VLAN_PROTOCOL IFLA_VXLAN_PORT IFLA_VXLAN_LABEL FRA_TUN_ID NDA_PORT RTA_SPORT RTA_DPORT",
  ),
  IFLA_VXLAN_PORT_RANGE: struct("ifla_vxlan_port_range"),
  IFLA_LINKINFO: nest("IFLA_INFO_KIND"),
  IFLA_INFO_DATA: choose((beside) => linkData(beside.get("IFLA_INFO_KIND"))),
  IFLA_INFO_SLAVE_DATA: choose((beside) =>
    nestIfKnown(PORT_DATA_OF[beside.get("IFLA_INFO_SLAVE_KIND") ?? ""] ?? ""),
  ),
  VETH_INFO_PEER: nest("IFLA_IFNAME", "ifinfomsg"),
  IFLA_PROTINFO: choose((_, family) => nest(family === AF_BRIDGE ? "IFLA_BRPORT_STATE" : "IFLA_INET6_FLAGS")),
  IFLA_AF_SPEC: choose((_, family) =>
    family === AF_BRIDGE ? nest("IFLA_BRIDGE_FLAGS") : { is: "families" },
  ),
  IFLA_PROP_LIST: nest("IFLA_IFNAME"),
  IFLA_XDP: nest("IFLA_XDP_FD"),
  IFLA_STATS: struct("rtnl_link_stats"),
  IFLA_STATS64: struct("rtnl_link_stats64"),
  IFLA_MAP: struct("rtnl_link_ifmap"),
  IFLA_INET6_CACHEINFO: struct("ifla_cacheinfo"),
  IFLA_MACVLAN_MACADDR_DATA: nest("IFLA_MACVLAN_MACADDR"),
  IFLA_MACVLAN_MACADDR: plain("mac"),
  IFLA_VLAN_FLAGS: struct("ifla_vlan_flags"),
  ...all(nest("IFLA_VLAN_QOS_MAPPING"), "IFLA_VLAN_EGRESS_QOS IFLA_VLAN_INGRESS_QOS"),
  IFLA_VLAN_QOS_MAPPING: struct("ifla_vlan_qos_mapping"),
  IFLA_VLAN_PROTOCOL: plain("networkNumber"),
  IFLA_BRIDGE_VLAN_INFO: struct("bridge_vlan_info"),
  IFLA_BR_MCAST_QUERIER_STATE: nest("BRIDGE_QUERIER_IP_ADDRESS"),
  IFLA_BR_MULTI_BOOLOPT: struct("br_boolopt_multi"),
};

/** Addresses, routes, rules and neighbours. */
const addressesAndRoutes: Record<string, Shape> = {
  ...all(plain("ip"), "IFA_ADDRESS IFA_LOCAL IFA_BROADCAST IFA_ANYCAST IFA_MULTICAST"),
  ...all(plain("ip"), "RTA_DST RTA_SRC RTA_GATEWAY RTA_PREFSRC FRA_DST FRA_SRC NDA_DST"),
  ...all(plain("string"), "IFA_LABEL RTAX_CC_ALGO FRA_IIFNAME FRA_OIFNAME"),
  IFA_CACHEINFO: struct("ifa_cacheinfo"),
  RTA_CACHEINFO: struct("rta_cacheinfo"),
  RTA_METRICS: nest("RTAX_MTU"),
  RTA_MULTIPATH: plain("nexthops"),
  RTA_VIA: plain("bytes"),
  FRA_UID_RANGE: struct("fib_rule_uid_range"),
  FRA_SPORT_RANGE: struct("fib_rule_port_range"),
  FRA_DPORT_RANGE: struct("fib_rule_port_range"),
  NDA_LLADDR: plain("mac"),
  NDA_CACHEINFO: struct("nda_cacheinfo"),
};

export const route = { ...link, ...addressesAndRoutes };
