/** The queueing discipline `tbf`: a token bucket, which shapes all of a link to one rate (TCA_TBF_*, linux/pkt_sched.h). */
import { attr, attrs, bytes, type Infer, struct, u32, u64 } from "../../../codec/index.ts";
import { rate32, rateTable, transmitTicks } from "../psched.ts";
import { noRate, RateSpec } from "../rate.ts";

/** TCA_TBF_* (net/sched/sch_tbf.c of the kernel). Rates are in bytes a second, times in ticks of 64 ns. */
export const Tbf = attrs(() => ({
  parms: attr(
    1,
    struct({
      rate: RateSpec,
      /** How fast the bucket may be emptied; a rate of 0: at once. */
      peakrate: RateSpec,
      /** Bytes that may wait. */
      limit: u32,
      /** The bucket: the time in which `rate` fills it. */
      buffer: u32,
      /** The bucket of `peakrate`, as a time. */
      mtu: u32,
    }),
  ),
  /** The rate table, 1024 bytes; only old kernels need one. */
  rtab: attr(2, bytes),
  ptab: attr(3, bytes),
  /** The rate, where 32 bits do not hold it. */
  rate64: attr(4, u64),
  prate64: attr(5, u64),
  /** In requests: the bucket in bytes, instead of `buffer`. */
  burst: attr(6, u32),
  pburst: attr(7, u32),
}));
export type Tbf = Infer<typeof Tbf>;

/** A token bucket in plain numbers. */
export interface TokenBucket {
  /** Bytes a second. */
  readonly rate: number | bigint;
  /** The bucket, in bytes: what may be sent at once. */
  readonly burst: number;
  /** How many bytes may wait. */
  readonly limit: number;
}

/**
 * The options of a token bucket as `tc qdisc add … tbf rate … burst … limit …` sends them.
 * @param ticks ticks in a microsecond (`ticksPerMicrosecond`)
 */
export function tokenBucket({ rate, burst, limit }: TokenBucket, ticks: number): Tbf {
  const { bytes: rtab, cellLog } = rateTable(rate, ticks);
  const spec = { ...noRate, linklayer: "ethernet", cellLog, cellAlign: -1, rate: rate32(rate) } as const;
  return {
    parms: { rate: spec, peakrate: noRate, limit, buffer: transmitTicks(rate, burst, ticks), mtu: 0 },
    burst,
    ...(Number(rate) > spec.rate && { rate64: BigInt(rate) }),
    rtab,
  };
}

/** The rate of a token bucket, in bytes a second. */
export const rateOf = ({ parms, rate64 }: Tbf): bigint => rate64 ?? BigInt(parms?.rate.rate ?? 0);
