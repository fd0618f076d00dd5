/** A limit of the configuration, in bits, as the token bucket that the Go plugin makes of it. */

import { ticksPerMicrosecond, USUAL_TICKS } from "../../../../netlink/route/tc/psched.ts";
import type { Tbf } from "../../../../netlink/route/tc/qdisc/tbf.ts";
import { MAX_RATE32, noRate } from "../../../../netlink/route/tc/rate.ts";
import { ConfigError, type Problem } from "../../../cni/config/error.ts";
import { readTextIfPresent } from "../../../sys/files.ts";
import type { Bandwidth } from "./schema.ts";

/** One direction's limit. */
export interface Limit {
  /** Bits a second. */
  readonly rate: number;
  /** Bits. */
  readonly burst: number;
}

/** The limits of both directions; absent where there is none. */
export interface Limits {
  readonly ingress: Limit | undefined;
  readonly egress: Limit | undefined;
}

/** The keys of the configuration, or if it has none of them, those that the runtime passes. */
function given({
  runtimeConfig,
  ...config
}: Bandwidth): NonNullable<NonNullable<Bandwidth["runtimeConfig"]>["bandwidth"]> {
  const { ingressRate, ingressBurst, egressRate, egressBurst } = config;
  const own = { ingressRate, ingressBurst, egressRate, egressBurst };
  return Object.values(own).some((value) => value !== undefined) ? own : (runtimeConfig?.bandwidth ?? {});
}

const BITS = 8;

/** What of one direction cannot be. */
function problemsOf(direction: string, { rate, burst }: Limit): Problem[] {
  const problem = (key: string, problem: string, hint: string): Problem[] => [
    { path: `${direction}${key}`, problem, hint },
  ];
  if (rate === 0 && burst > 0)
    return problem("Rate", "a burst needs a rate", `give it, or leave out ${direction}Burst`);
  if (rate > 0 && burst === 0)
    return problem(
      "Burst",
      "a rate needs a burst",
      "give the bits that may pass at once: those of 10 ms, for instance",
    );
  if (rate > 0 && rate < BITS)
    return problem("Rate", `${rate} bits a second are less than a byte`, "give 8 or more");
  if (Math.floor(burst / BITS) >= MAX_RATE32)
    return problem("Burst", "4 GB at once are too much", `give less than ${MAX_RATE32 * BITS} bits`);
  return [];
}

/** The limits that a configuration asks for. @throws ConfigError that says which cannot be */
export function limitsOf(config: Bandwidth): Limits {
  const { ingressRate = 0, ingressBurst = 0, egressRate = 0, egressBurst = 0 } = given(config);
  const ingress = { rate: ingressRate, burst: ingressBurst };
  const egress = { rate: egressRate, burst: egressBurst };
  const problems = [...problemsOf("ingress", ingress), ...problemsOf("egress", egress)];
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    ingress: ingress.rate > 0 ? ingress : undefined,
    egress: egress.rate > 0 ? egress : undefined,
  };
}

/** A number's lower 32 bits, as a conversion in Go leaves them. */
const low32 = (value: number): number => Math.trunc(value) >>> 0;

const MICROSECONDS = 1_000_000;
/** How long a packet may wait, in seconds. */
const LATENCY = 0.025;

const ticks = (): number => {
  const psched = readTextIfPresent("/proc/net/psched");
  return psched === undefined ? USUAL_TICKS : ticksPerMicrosecond(psched);
};

/**
 * The token bucket of a limit. A bucket of more than 275 s is cut as the Go plugin cuts it: runtimes ask for bursts of
 * 2^31 bits at any rate, and either plugin's CHECK has to find what the other made.
 */
export function bucketOf({ rate, burst }: Limit): Tbf {
  const bytesPerSecond = Math.floor(rate / BITS);
  const bytes = Math.floor(burst / BITS);
  const time = low32((bytes * MICROSECONDS) / bytesPerSecond);
  return {
    parms: {
      rate: { ...noRate, rate: low32(bytesPerSecond) },
      peakrate: noRate,
      limit: low32(low32(bytesPerSecond * LATENCY) + bytes),
      buffer: low32(time * ticks()),
      mtu: 0,
    },
    ...(bytesPerSecond > MAX_RATE32 && { rate64: BigInt(bytesPerSecond) }),
  };
}
