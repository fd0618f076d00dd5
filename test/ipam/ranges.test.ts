/** Ranges: what they are completed to, and every mistake that is refused. */
import { describe, expect, test } from "bun:test";
import { ConfigError } from "../../src/cni/config/error.ts";
import { addressText, readAddress } from "../../src/plugins/ipam/host-local/address.ts";
import {
  type RangeConfig,
  type RangeSources,
  rangeHas,
  readRange,
  readRangeSets,
  setText,
} from "../../src/plugins/ipam/host-local/ranges.ts";

const complete = (config: RangeConfig) => {
  const range = readRange(config, "ipam.ranges[0][0]");
  return { span: setText([range]), gateway: addressText(range.gateway), prefix: range.prefix };
};

function problemOf(action: () => unknown) {
  try {
    action();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems[0];
    throw error;
  }
  return undefined;
}

describe("a range is completed", () => {
  test.each<[RangeConfig, string, string]>([
    [{ subnet: "192.0.2.0/24" }, "192.0.2.1-192.0.2.254", "192.0.2.1"],
    [{ subnet: "192.0.2.0/25" }, "192.0.2.1-192.0.2.126", "192.0.2.1"],
    [{ subnet: "192.0.2.4/30" }, "192.0.2.5-192.0.2.6", "192.0.2.5"],
    [{ subnet: "2001:db8:1::/64" }, "2001:db8:1::1-2001:db8:1:0:ffff:ffff:ffff:ffff", "2001:db8:1::1"],
    [{ subnet: "2001:DB8:1:0::/126" }, "2001:db8:1::1-2001:db8:1::3", "2001:db8:1::1"],
    [{ subnet: "::ffff:192.0.2.0/120" }, "192.0.2.1-192.0.2.254", "192.0.2.1"],
    [
      { subnet: "192.0.2.0/24", rangeStart: "192.0.2.40", rangeEnd: "192.0.2.50", gateway: "192.0.2.254" },
      "192.0.2.40-192.0.2.50",
      "192.0.2.254",
    ],
    [{ subnet: "192.0.2.0/24", rangeStart: "::ffff:192.0.2.40" }, "192.0.2.40-192.0.2.254", "192.0.2.1"],
    // Whoever names the first or the last address means it.
    [
      { subnet: "192.0.2.0/24", rangeStart: "192.0.2.0", rangeEnd: "192.0.2.255" },
      "192.0.2.0-192.0.2.255",
      "192.0.2.1",
    ],
    [
      { subnet: "192.0.2.0/24", rangeStart: "192.0.2.9", rangeEnd: "192.0.2.9" },
      "192.0.2.9-192.0.2.9",
      "192.0.2.1",
    ],
    // Only the form of a gateway is checked.
    [{ subnet: "192.0.2.0/24", gateway: "198.51.100.1" }, "192.0.2.1-192.0.2.254", "198.51.100.1"],
    [{ subnet: "0.0.0.0/0" }, "0.0.0.1-255.255.255.254", "0.0.0.1"],
  ])("%j", (config, span, gateway) => {
    expect(complete(config)).toMatchObject({ span, gateway });
  });
});

describe("a mistake is named with its place and what would be right", () => {
  test.each<[RangeConfig, string, string, string]>([
    [{ subnet: "192.0.2.1/24" }, "subnet", "has bits set after its prefix", "write 192.0.2.0/24"],
    [{ subnet: "2001:db8:1::24:19ff/64" }, "subnet", "has bits set", "write 2001:db8:1::/64"],
    [{ subnet: "192.0.2.0/31" }, "subnet", "too small", "at most 30 bits"],
    [{ subnet: "192.0.2.0/32" }, "subnet", "too small", "at most 30 bits"],
    [{ subnet: "2001:db8::/127" }, "subnet", "too small", "at most 126 bits"],
    [
      { subnet: "192.0.2.0/24", rangeStart: "192.0.3.1" },
      "rangeStart",
      "192.0.3.1 is not in 192.0.2.0/24",
      "choose",
    ],
    [
      { subnet: "192.0.2.0/24", rangeEnd: "192.0.4.1" },
      "rangeEnd",
      "192.0.4.1 is not in 192.0.2.0/24",
      "choose",
    ],
    [{ subnet: "192.0.2.0/24", rangeStart: "2001:db8::1" }, "rangeStart", "is not in", "choose"],
    [
      { subnet: "192.0.2.0/24", rangeStart: "192.0.2.50", rangeEnd: "192.0.2.40" },
      "rangeEnd",
      "192.0.2.40 comes before the range's start 192.0.2.50",
      "exchange them",
    ],
  ])("%j", (config, key, problem, hint) => {
    const found = problemOf(() => complete(config));
    expect(found?.path).toBe(`ipam.ranges[0][0].${key}`);
    expect(found?.problem).toContain(problem);
    expect(found?.hint).toContain(hint);
  });
});

test("an address is in a range from its start to its end, and of its family only", () => {
  const range = readRange({ subnet: "192.0.2.0/24", rangeStart: "192.0.2.40", rangeEnd: "192.0.2.50" }, "");
  const has = (text: string) => rangeHas(range, readAddress(text));
  expect(["192.0.2.39", "192.0.2.40", "192.0.2.50", "192.0.2.51"].map(has)).toEqual([
    false,
    true,
    true,
    false,
  ]);
  expect(has("::192.0.2.45")).toBe(false);
  expect(has("::ffff:192.0.2.45")).toBe(true);
});

describe("two ranges share addresses or not", () => {
  const a = { subnet: "192.0.2.0/24" };
  test.each<[string, RangeConfig, RangeConfig, boolean]>([
    ["different subnets", a, { subnet: "192.0.3.0/24" }, false],
    ["different families", a, { subnet: "2001:db8::/64" }, false],
    ["identical", a, a, true],
    ["one in the other", { subnet: "192.0.0.0/20" }, a, true],
    ["one in the other, the other way round", a, { subnet: "192.0.0.0/20" }, true],
    ["halves of a subnet", { ...a, rangeEnd: "192.0.2.127" }, { ...a, rangeStart: "192.0.2.128" }, false],
    [
      "halves of a subnet with one address in both",
      { ...a, rangeEnd: "192.0.2.128" },
      { ...a, rangeStart: "192.0.2.128" },
      true,
    ],
  ])("%s", (_, left, right, shared) => {
    const between = problemOf(() => readRangeSets({ ranges: [[left], [right]] }));
    expect(between?.path).toBe(shared ? "ipam.ranges[1][0]" : undefined);
    if (shared) expect(between?.problem).toContain("of ipam.ranges[0][0]");
  });
  test("within one set as between sets", () => {
    const problem = problemOf(() => readRangeSets({ ranges: [[a, { subnet: "192.0.3.0/24" }, a]] }));
    expect(problem?.path).toBe("ipam.ranges[0][2]");
  });
});

describe("sets", () => {
  const texts = (sources: RangeSources) => readRangeSets(sources).map(setText);
  test("are numbered: the runtime's, the single range, the list", () => {
    expect(
      texts({
        runtime: [[{ subnet: "11.1.2.0/24" }, { subnet: "11.2.2.0/24" }], [{ subnet: "2001:db8:1::/126" }]],
        single: {
          subnet: "10.1.2.0/24",
          rangeStart: "10.1.2.9",
          rangeEnd: "10.1.2.20",
          gateway: "10.1.2.30",
        },
        ranges: [[{ subnet: "10.1.4.0/24" }]],
      }),
    ).toEqual([
      "11.1.2.1-11.1.2.254,11.2.2.1-11.2.2.254",
      "2001:db8:1::1-2001:db8:1::3",
      "10.1.2.9-10.1.2.20",
      "10.1.4.1-10.1.4.254",
    ]);
  });
  test("a single range without subnet is none", () => {
    expect(texts({ single: { gateway: "10.1.2.1" }, ranges: [[{ subnet: "10.1.4.0/24" }]] })).toHaveLength(1);
  });
  test.each<[string, RangeSources, string, string]>([
    ["none", {}, "ipam", "there is no range"],
    ["an empty one", { ranges: [[]] }, "ipam.ranges[0]", "without a range"],
    [
      "mixed families",
      { ranges: [[{ subnet: "10.1.2.0/24" }, { subnet: "2001:db8:1::/64" }]] },
      "ipam.ranges[0][1]",
      "mixes IPv4 and IPv6",
    ],
    [
      "the single range and the list share addresses",
      { single: { subnet: "10.1.2.0/24" }, ranges: [[{ subnet: "10.1.0.0/16" }]] },
      "ipam.ranges[0][0]",
      "of ipam",
    ],
    [
      "a mistake of the runtime",
      { runtime: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "10.1.2.0/32" }]] },
      "runtimeConfig.ipRanges[1][0].subnet",
      "too small",
    ],
    ["a mistake in the single range", { single: { subnet: "10.1.2.3/24" } }, "ipam.subnet", "has bits set"],
  ])("refused: %s", (_, sources, path, problem) => {
    const found = problemOf(() => readRangeSets(sources));
    expect(found?.path).toBe(path);
    expect(found?.problem).toContain(problem);
  });
});
