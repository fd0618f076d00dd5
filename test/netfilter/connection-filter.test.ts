/** Which connections a filter means, decided without the kernel. */
import { describe, expect, test } from "bun:test";
import type { Connection } from "../../netlink/netfilter/connection.ts";
import { familiesOf, matches, tupleOf } from "../../netlink/netfilter/connection-filter.ts";

const UDP = 17;

describe("which connections a filter means", () => {
  const connection: Connection = {
    family: "ip",
    version: 0,
    resourceId: 0,
    tupleOrig: {
      ip: { v4Src: "10.0.0.1", v4Dst: "192.0.2.1" },
      proto: { num: UDP, srcPort: 1000, dstPort: 53 },
    },
    tupleReply: {
      ip: { v4Src: "10.0.0.3", v4Dst: "10.0.0.1" },
      proto: { num: UDP, srcPort: 5353, dstPort: 1000 },
    },
    status: ["confirmed", "dstNat"],
    mark: 0x107,
  };

  test.each([
    ["everything", {}, true],
    ["its port", { original: { protocol: UDP, destinationPort: 53 } }, true],
    ["another port", { original: { protocol: UDP, destinationPort: 54 } }, false],
    ["where it really went", { reply: { source: "10.0.0.3" } }, true],
    ["another zone", { zone: 5 }, false],
    ["some bits of the mark", { mark: 0x07, markMask: 0xff }, true],
    ["the whole mark", { mark: 0x07 }, false],
    ["translated ones", { status: ["dstNat"] as const }, true],
    ["answered ones", { status: ["dstNat", "seenReply"] as const }, false],
  ])("%s", (_, filter, meant) => {
    expect(matches(connection, filter)).toBe(meant);
  });

  test("an address may be written in any way", () => {
    const v6: Connection = { ...connection, tupleOrig: { ip: { v6Src: "fd00::1", v6Dst: "fd00::2" } } };
    expect(matches(v6, { original: { destination: "FD00:0:0::0002" } })).toBe(true);
  });

  test("an address says the family", () => {
    expect(familiesOf({ reply: { source: "fd00::1" } })).toEqual(["ip6"]);
    expect(familiesOf({ original: { protocol: UDP } })).toEqual(["ip", "ip6"]);
  });

  test("a port without a protocol is refused", () => {
    expect(() => tupleOf({ destinationPort: 53 }, "ip")).toThrow(
      "a port without a protocol means no connection",
    );
  });
});
