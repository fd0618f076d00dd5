/** The numbers that limits become, as the Go plugin computes them. */
import { expect, test } from "bun:test";
import { rateOf } from "../../../netlink/route/tc/qdisc/tbf.ts";
import { bucketOf } from "../../../src/plugins/meta/bandwidth/limit.ts";

/** Seen of the Go plugin on a kernel whose tick is 64 ns. */
const seen = [
  { rate: 8_000_000, burst: 1_600_000, bytes: 1_000_000n, buffer: 3_125_000, limit: 225_000 },
  { rate: 1_000_000, burst: 80_000, bytes: 125_000n, buffer: 1_250_000, limit: 13_125 },
  { rate: 2048, burst: 1600, bytes: 256n, buffer: 12_207_031, limit: 206 },
  { rate: 1e10, burst: 8e9, bytes: 1_250_000_000n, buffer: 12_500_000, limit: 1_031_250_000 },
];

test.each(seen)("$rate bits a second, $burst at once", ({ rate, burst, bytes, buffer, limit }) => {
  const bucket = bucketOf({ rate, burst });
  expect(rateOf(bucket)).toBe(bytes);
  expect(bucket.parms).toMatchObject({ buffer, limit, mtu: 0 });
});
