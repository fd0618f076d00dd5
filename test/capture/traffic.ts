/** The attributes of traffic control that are more than a number. */
import { all, choose, each, nest, nestIfKnown, plain, type Shape, struct } from "./shape.ts";

/** Kinds of queue whose options are a struct, not attributes. */
const STRUCTS: Record<string, string> = {
  pfifo: "tc_fifo_qopt",
  bfifo: "tc_fifo_qopt",
};
const BYTES = new Set(["pfifo_fast", "prio", "sfq", "netem"]);

const options = (kind = ""): Shape => {
  const name = STRUCTS[kind];
  if (name !== undefined) return struct(name);
  return BYTES.has(kind) ? plain("bytes") : nestIfKnown(`TCA_${kind.toUpperCase()}`);
};

const action = nest("TCA_ACT_KIND");
const actions = each("action", action);

export const traffic: Record<string, Shape> = {
  ...all(plain("string"), "TCA_KIND TCA_ACT_KIND TCA_U32_INDEV TCA_FLOWER_INDEV"),
  TCA_OPTIONS: choose((beside) => options(beside.get("TCA_KIND"))),
  TCA_ACT_OPTIONS: choose((beside) => options(beside.get("TCA_ACT_KIND"))),
  ...all(actions, "TCA_U32_ACT TCA_MATCHALL_ACT TCA_FLOWER_ACT"),
  ...all(nest("TCA_STATS_BASIC"), "TCA_STATS2 TCA_ACT_STATS"),
  TCA_STATS: struct("tc_stats"),
  TCA_STATS_BASIC: struct("gnet_stats_basic"),
  TCA_STATS_BASIC_HW: struct("gnet_stats_basic"),
  TCA_STATS_QUEUE: struct("gnet_stats_queue"),
  TCA_STATS_RATE_EST: struct("gnet_stats_rate_est"),
  TCA_TBF_PARMS: struct("tc_tbf_qopt"),
  TCA_HTB_PARMS: struct("tc_htb_opt"),
  TCA_HTB_INIT: struct("tc_htb_glob"),
  ...all(
    plain("bytes"),
    "TCA_TBF_RTAB TCA_TBF_PTAB TCA_HTB_CTAB TCA_HTB_RTAB TCA_POLICE_RATE TCA_POLICE_PEAKRATE",
  ),
  TCA_U32_SEL: struct("tc_u32_sel"),
  TCA_U32_MARK: struct("tc_u32_mark"),
  TCA_MIRRED_PARMS: struct("tc_mirred"),
  TCA_POLICE_TBF: struct("tc_police"),
  TCA_GACT_PARMS: struct("tc_gact"),
  TCA_GACT_PROB: struct("tc_gact_p"),
  ...all(struct("tcf_t"), "TCA_MIRRED_TM TCA_POLICE_TM TCA_GACT_TM"),
  ...all(
    plain("networkNumber"),
    "TCA_FLOWER_KEY_ETH_TYPE TCA_FLOWER_KEY_TCP_SRC TCA_FLOWER_KEY_TCP_DST TCA_FLOWER_KEY_UDP_DST TCA_FLOWER_KEY_VLAN_ID",
  ),
  ...all(
    plain("mac"),
    "TCA_FLOWER_KEY_ETH_DST TCA_FLOWER_KEY_ETH_DST_MASK TCA_FLOWER_KEY_ETH_SRC TCA_FLOWER_KEY_ETH_SRC_MASK",
  ),
  ...all(
    plain("ip"),
    "TCA_FLOWER_KEY_IPV4_SRC TCA_FLOWER_KEY_IPV4_SRC_MASK TCA_FLOWER_KEY_IPV4_DST TCA_FLOWER_KEY_IPV4_DST_MASK",
  ),
  ...all(
    plain("ip"),
    "TCA_FLOWER_KEY_IPV6_SRC TCA_FLOWER_KEY_IPV6_SRC_MASK TCA_FLOWER_KEY_IPV6_DST TCA_FLOWER_KEY_IPV6_DST_MASK",
  ),
};
