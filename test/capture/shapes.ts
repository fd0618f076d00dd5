/** What the comments of a fixture need to know of attributes and messages beyond their names. */
import { netfilter } from "./netfilter.ts";
import { route } from "./route.ts";
import { nest, plain, type Shape } from "./shape.ts";
import { traffic } from "./traffic.ts";

const extendedAck: Record<string, Shape> = {
  NLMSGERR_ATTR_MSG: plain("string"),
  NLMSGERR_ATTR_POLICY: nest("NL_POLICY_TYPE_ATTR_TYPE"),
};

/** By the kernel's name of the attribute. */
export const shapes: Readonly<Record<string, Shape>> = {
  ...route,
  ...traffic,
  ...netfilter,
  ...extendedAck,
};

/** What follows the header in each message: the struct and the enum of its attributes, by the end of its name. */
export const bodies: readonly [type: RegExp, struct: string, member: string][] = [
  [/^RTM_...LINK$/, "ifinfomsg", "IFLA_IFNAME"],
  [/^RTM_...LINKPROP$/, "ifinfomsg", "IFLA_IFNAME"],
  [/^RTM_...ADDR$/, "ifaddrmsg", "IFA_ADDRESS"],
  [/^RTM_...ROUTE$/, "rtmsg", "RTA_DST"],
  [/^RTM_...RULE$/, "fib_rule_hdr", "FRA_DST"],
  [/^RTM_...NEIGH$/, "ndmsg", "NDA_DST"],
  [/^RTM_...MDB$/, "br_port_msg", "MDBA_SET_ENTRY"],
  [/^RTM_...(QDISC|TCLASS|TFILTER|CHAIN)$/, "tcmsg", "TCA_KIND"],
  [/^RTM_...NSID$/, "rtgenmsg", "NETNSA_NSID"],
  [/^NFNL_MSG_BATCH_/, "nfgenmsg", "NFNL_BATCH_GENID"],
  [/^NFT_MSG_...TABLE$/, "nfgenmsg", "NFTA_TABLE_NAME"],
  [/^NFT_MSG_...CHAIN$/, "nfgenmsg", "NFTA_CHAIN_NAME"],
  [/^NFT_MSG_...RULE$/, "nfgenmsg", "NFTA_RULE_TABLE"],
  [/^NFT_MSG_...SET$/, "nfgenmsg", "NFTA_SET_NAME"],
  [/^NFT_MSG_...SETELEM$/, "nfgenmsg", "NFTA_SET_ELEM_LIST_SET"],
  [/^NFT_MSG_...GEN$/, "nfgenmsg", "NFTA_GEN_ID"],
  [/^NFT_MSG_...OBJ$/, "nfgenmsg", "NFTA_OBJ_NAME"],
  [/^NFT_MSG_...FLOWTABLE$/, "nfgenmsg", "NFTA_FLOWTABLE_NAME"],
  [/^IPCTNL_MSG_CT_(NEW|GET|DELETE)$/, "nfgenmsg", "CTA_STATUS"],
  [/^RTM_...DCB$/, "dcbmsg", "DCB_ATTR_IFNAME"],
];
