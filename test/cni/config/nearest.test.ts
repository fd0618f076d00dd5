import { expect, test } from "bun:test";
import { nearest, within } from "../../../src/cni/config/nearest.ts";

test.each([
  ["same", "same", 0],
  ["ipMsaq", "ipMasq", 1],
  ["ranges", "range", 1],
  ["subet", "subnet", 1],
  ["mtu", "mtv", 1],
  ["isDefaulGatway", "isDefaultGateway", 2],
  ["gatweya", "gateway", 2],
  ["kitten", "sitting", 3],
  ["", "abc", 3],
])("%j and %j are %d slips apart", (a, b, slips) => {
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const) {
    expect(within(slips, one, other)).toBe(true);
    expect(within(slips - 1, one, other)).toBe(false);
  }
});

test("the nearest of several is found, letter case aside", () => {
  expect(nearest("RANGESTRAT", ["rangeEnd", "rangeStart", "ranges"])).toBe("rangeStart");
});

test("short names may differ by one slip only", () => {
  expect(nearest("mut", ["mtu", "mac"])).toBe("mtu");
  expect(nearest("mac", ["mtu", "dns"])).toBeUndefined();
});

test("nothing is near when all differ in more than two places", () => {
  expect(nearest("conditionsV4", ["ipMasq", "capabilities"])).toBeUndefined();
});
