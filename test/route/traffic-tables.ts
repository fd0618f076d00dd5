/** Which enum, define or struct of the kernel's headers each table of traffic control follows. */
import type { Codec } from "../../netlink/codec/index.ts";
import { Gact } from "../../netlink/route/tc/action/gact.ts";
import { Action } from "../../netlink/route/tc/action/index.ts";
import { Mirred } from "../../netlink/route/tc/action/mirred.ts";
import { Police } from "../../netlink/route/tc/action/police.ts";
import { TrafficClass } from "../../netlink/route/tc/classes.ts";
import { Flower } from "../../netlink/route/tc/filter/flower.ts";
import { Matchall } from "../../netlink/route/tc/filter/matchall.ts";
import { U32 } from "../../netlink/route/tc/filter/u32.ts";
import { Filter } from "../../netlink/route/tc/filters.ts";
import { Fifo, Prio } from "../../netlink/route/tc/qdisc/fifo.ts";
import { FqCodel } from "../../netlink/route/tc/qdisc/fq-codel.ts";
import { Htb } from "../../netlink/route/tc/qdisc/htb.ts";
import { Tbf } from "../../netlink/route/tc/qdisc/tbf.ts";
import { Qdisc } from "../../netlink/route/tc/qdiscs.ts";
import { RateSpec } from "../../netlink/route/tc/rate.ts";
import { OldStatistics, Statistics } from "../../netlink/route/tc/statistics.ts";
import { type Layout, type NameTable, namesOf, nestIn, type RowTable, type Table } from "./tables.ts";

const MIRRED = "tc_act/tc_mirred.h";
const GACT = "tc_act/tc_gact.h";

const rows = (header: string, prefix: string, member: string, codec: Table): RowTable => ({
  header,
  prefix,
  member: `${prefix}${member}`,
  codec,
});

export const trafficRows: readonly RowTable[] = [
  rows("rtnetlink.h", "TCA_", "KIND", Qdisc),
  rows("rtnetlink.h", "TCA_", "KIND", TrafficClass),
  rows("rtnetlink.h", "TCA_", "KIND", Filter),
  rows("gen_stats.h", "TCA_STATS_", "BASIC", Statistics),
  rows("pkt_sched.h", "TCA_STAB_", "BASE", nestIn(Qdisc, "stab")),
  rows("pkt_sched.h", "TCA_TBF_", "PARMS", Tbf),
  rows("pkt_sched.h", "TCA_HTB_", "PARMS", Htb),
  rows("pkt_sched.h", "TCA_FQ_CODEL_", "TARGET", FqCodel),
  rows("pkt_cls.h", "TCA_U32_", "CLASSID", U32),
  rows("pkt_cls.h", "TCA_MATCHALL_", "CLASSID", Matchall),
  rows("pkt_cls.h", "TCA_FLOWER_", "CLASSID", Flower),
  rows("pkt_cls.h", "TCA_ACT_", "KIND", Action),
  rows("pkt_cls.h", "TCA_POLICE_", "TBF", Police),
  rows(MIRRED, "TCA_MIRRED_", "PARMS", Mirred),
  rows(GACT, "TCA_GACT_", "PARMS", Gact),
];

/** The names of the codec in row `path`. */
const names = (header: string, prefix: string, codec: unknown, ...path: string[]): NameTable => ({
  header,
  prefix,
  names: namesOf(codec, ...path),
});

export const trafficNames: readonly NameTable[] = [
  names("pkt_cls.h", "TC_ACT_", Police, "result"),
  names("pkt_cls.h", "TCA_CLS_FLAGS_", Matchall, "flags"),
  names("pkt_cls.h", "TCA_FLOWER_KEY_FLAGS_", Flower, "keyFlags"),
  names("pkt_cls.h", "TCA_FLOWER_KEY_CT_FLAGS_", Flower, "keyCtState"),
];

const layout = (header: string, name: string, codec: Codec<unknown>, size = 64): Layout => ({
  header,
  source: `struct ${name}`,
  codec,
  size,
});

const messageLayout = (codec: Codec<unknown>, info: string): Layout => ({
  header: "rtnetlink.h",
  source: "struct tcmsg",
  prefix: "tcm_",
  renamed: { tcm__pad1: "", tcm__pad2: "", tcm_ifindex: "index", tcm_info: info },
  codec,
  size: 20,
});

export const trafficLayouts: readonly Layout[] = [
  messageLayout(Qdisc, "refcnt"),
  messageLayout(TrafficClass, "leaf"),
  messageLayout(Filter, "protocol"),
  layout("pkt_sched.h", "tc_ratespec", RateSpec),
  layout("pkt_sched.h", "tc_sizespec", nestIn(Qdisc, "stab", "base")),
  layout("pkt_sched.h", "tc_stats", OldStatistics),
  layout("pkt_sched.h", "tc_tbf_qopt", nestIn(Tbf, "parms")),
  layout("pkt_sched.h", "tc_htb_opt", nestIn(Htb, "parms")),
  layout("pkt_sched.h", "tc_htb_glob", nestIn(Htb, "init")),
  layout("pkt_sched.h", "tc_fifo_qopt", Fifo),
  layout("pkt_sched.h", "tc_prio_qopt", Prio),
  layout("gen_stats.h", "gnet_estimator", nestIn(Qdisc, "rate")),
  layout("gen_stats.h", "gnet_stats_basic", nestIn(Statistics, "basic")),
  layout("gen_stats.h", "gnet_stats_rate_est", nestIn(Statistics, "rateEst")),
  layout("gen_stats.h", "gnet_stats_rate_est64", nestIn(Statistics, "rateEst64")),
  layout("gen_stats.h", "gnet_stats_queue", nestIn(Statistics, "queue")),
  layout("pkt_cls.h", "tc_u32_sel", nestIn(U32, "sel")),
  layout("pkt_cls.h", "tc_u32_mark", nestIn(U32, "mark")),
  layout("pkt_cls.h", "tc_matchall_pcnt", nestIn(Matchall, "pcnt")),
  layout("pkt_cls.h", "tcf_t", nestIn(Police, "tm")),
  layout("pkt_cls.h", "tc_police", nestIn(Police, "tbf"), 80),
  layout(MIRRED, "tc_mirred", nestIn(Mirred, "parms")),
  layout(GACT, "tc_gact", nestIn(Gact, "parms")),
  layout(GACT, "tc_gact_p", nestIn(Gact, "prob")),
];
