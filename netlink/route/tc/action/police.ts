/** The action `police`: what exceeds a rate is dropped, or goes another way (TCA_POLICE_*, linux/pkt_cls.h). */
import { attr, attrs, bytes, type Infer, s32, struct, u32, u64 } from "../../../codec/index.ts";
import { rate32, rateTable, transmitTicks } from "../psched.ts";
import type { TokenBucket } from "../qdisc/tbf.ts";
import { noRate, RateSpec } from "../rate.ts";
import { Times, Verdict } from "./verdict.ts";

/** TCA_POLICE_* (net/sched/act_police.c of the kernel). Rates are in bytes a second, times in ticks of 64 ns. */
export const Police = attrs(() => ({
  /** struct tc_police. */
  tbf: attr(
    1,
    struct({
      index: u32,
      /** What becomes of packets above the rate. */
      action: Verdict,
      limit: u32,
      /** The bucket: the time in which `rate` fills it. */
      burst: u32,
      /** The longest packet that can conform, in bytes. */
      mtu: u32,
      rate: RateSpec,
      peakrate: RateSpec,
      refcnt: s32,
      bindcnt: s32,
      capab: u32,
    }),
  ),
  /** The rate table, 1024 bytes; the kernel refuses a rate without one. */
  rate: attr(2, bytes),
  peakrate: attr(3, bytes),
  /** Above this estimated rate packets exceed; needs an estimator. */
  avrate: attr(4, u32),
  /** What becomes of packets below the rate. */
  result: attr(5, Verdict),
  tm: attr(6, Times),
  rate64: attr(8, u64),
  peakrate64: attr(9, u64),
  /** Packets a second. Linux 5.13. */
  pktrate64: attr(10, u64),
  pktburst64: attr(11, u64),
}));
export type Police = Infer<typeof Police>;

/**
 * The options of `action police rate … burst … conform-exceed EXCEED`, as `tc` sends them.
 * @param exceed what becomes of packets above the rate
 * @param ticks ticks in a microsecond (`ticksPerMicrosecond`)
 */
export function policing(
  { rate, burst }: Omit<TokenBucket, "limit">,
  exceed: "shot" | "ok" | "pipe" | "reclassify",
  ticks: number,
): Police {
  const { bytes: table, cellLog } = rateTable(rate, ticks);
  const spec = { ...noRate, linklayer: "ethernet", cellLog, cellAlign: -1, rate: rate32(rate) } as const;
  return {
    tbf: {
      index: 0,
      action: exceed,
      limit: 0,
      burst: transmitTicks(rate, burst, ticks),
      mtu: 0,
      rate: spec,
      peakrate: noRate,
      refcnt: 0,
      bindcnt: 0,
      capab: 0,
    },
    rate: table,
    ...(Number(rate) > spec.rate && { rate64: BigInt(rate) }),
  };
}
