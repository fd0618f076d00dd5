/** Keys and data as nft writes them: compared with what it sent and what it prints. */
import { describe, expect, test } from "bun:test";
import { decode, encode } from "../../netlink/codec/index.ts";
import { messagesIn } from "../../netlink/message/header.ts";
import {
  concatenation,
  type Datatype,
  dataOf,
  etherAddr,
  ifname,
  inetProto,
  inetService,
  ipv4Addr,
  ipv6Addr,
  mark,
  valueIn,
} from "../../netlink/netfilter/datatype.ts";
import { type Element, ElementList } from "../../netlink/netfilter/elements.ts";
import { interval, networkRange, range } from "../../netlink/netfilter/interval.ts";
import { NftSet, setOf } from "../../netlink/netfilter/sets.ts";
import { fixture } from "../fixtures.ts";

/** The first message of a capture. */
function captured(name: string): Uint8Array {
  return messagesIn(fixture("netfilter", name).bytes).messages[0]!.body;
}

const elementsOf = (name: string): readonly Element[] =>
  decode(ElementList, captured(name), "toKernel").elements ?? [];

const addressAndPort = concatenation(ipv4Addr, inetService);

describe("a set of these types is the one that nft makes of their names", () => {
  const types: Record<string, Parameters<typeof setOf>[0]> = {
    "set-add-of-v4-addresses": { key: ipv4Addr },
    "set-add-of-v6-addresses": { key: ipv6Addr },
    "set-add-of-ethernet-addresses": { key: etherAddr },
    "set-add-of-ports": { key: inetService },
    "set-add-of-marks": { key: mark },
    "set-add-of-link-names": { key: ifname },
    "set-add-of-intervals": { key: ipv4Addr, flags: ["interval"] },
    "set-add-with-comment": { key: ipv4Addr, comment: "containers" },
    "set-add-of-concatenated-intervals": { key: concatenation(ipv4Addr, ipv4Addr), flags: ["interval"] },
    "map-add-to-addresses": { key: inetService, data: ipv4Addr },
    "map-add-to-concatenations": {
      key: concatenation(ipv4Addr, inetProto, inetService),
      data: addressAndPort,
    },
    "map-add-to-concatenations-v6": {
      key: concatenation(ipv6Addr, inetProto, inetService),
      data: concatenation(ipv6Addr, inetService),
    },
    "map-add-to-verdicts": { key: ifname, data: "verdict" },
  };

  test.each(Object.entries(types))("%s", (name, given) => {
    const { userdata, ...theirs } = decode(NftSet, captured(name), "toKernel");
    const { userdata: ours, ...set } = setOf(given);
    expect<unknown>({ ...theirs, ...set }).toEqual(theirs);
    // nft notes more: from which expressions it knows the types.
    expect<unknown>({ ...userdata, ...ours }).toEqual(userdata);
  });
});

describe("a key and its data are those that nft sends", () => {
  const [web] = elementsOf("elements-add-of-map-to-concatenations-with-comment");

  test("of a concatenation: 192.0.2.1 . udp . 53", () => {
    const key = concatenation(ipv4Addr, inetProto, inetService);
    expect(dataOf(key, ["192.0.2.1", "udp", 53])).toEqual({ value: web!.key!.value! });
    expect(valueIn(key, web!.key!)).toEqual(["192.0.2.1", "udp", 53]);
  });

  test("of its data: 10.0.0.2 . 5353", () => {
    expect(valueIn(addressAndPort, web!.data!)).toEqual(["10.0.0.2", 5353]);
  });

  test("of a name of an interface", () => {
    const [element] = elementsOf("elements-add-of-link-names");
    expect(valueIn(ifname, element!.key!)).toBe("eth0");
    expect(dataOf(ifname, "eth0").value).toEqual(element!.key!.value!);
  });
});

/** nft ends its intervals of sets at the lowest value first, which the kernel does not need. */
const withoutLowest = (elements: readonly Element[]) =>
  elements.filter(
    ({ key, flags }) => !(flags?.includes("intervalEnd") && key?.value?.every((byte) => byte === 0)),
  );

const between = (type: Datatype<string>, network: string, more?: Omit<Element, "key">) =>
  interval(type, ...networkRange(network), more);

describe("an interval is the two elements that nft sends", () => {
  test("10.0.0.0/24 with a comment", () => {
    const theirs = withoutLowest(elementsOf("elements-add-of-intervals-with-comment"));
    expect(between(ipv4Addr, "10.0.0.0/24", { userdata: { comment: "web" } })).toEqual([...theirs]);
  });

  test("224.0.0.0/3, behind which there is nothing", () => {
    const theirs = withoutLowest(elementsOf("elements-add-of-intervals-to-the-end"));
    expect(between(ipv4Addr, "224.0.0.0/3")).toEqual([...theirs]);
  });

  test("one whose beginning is above its end is refused", () => {
    expect(() => interval(ipv4Addr, "10.0.0.2", "10.0.0.1")).toThrow("10.0.0.2 is above 10.0.0.1");
  });

  test("one of a type in the machine's order is refused", () => {
    expect(() => interval(mark, 1, 2)).toThrow("intervals are of types in network order");
  });
});

test("a range of concatenations is the element that nft sends: 10.0.0.0/24 . 10.0.1.1-10.0.1.9", () => {
  const [theirs] = elementsOf("elements-add-of-concatenated-intervals-with-comment");
  const pair = concatenation(ipv4Addr, ipv4Addr);
  const ours = range(pair, ["10.0.0.0", "10.0.1.1"], ["10.0.0.255", "10.0.1.9"]);
  expect<unknown>({ ...ours, userdata: { comment: "web" } }).toEqual(theirs);
});

describe("a value that does not fit its type is refused, and its place is named", () => {
  const key = concatenation(ipv4Addr, inetService);

  test("an address of the other family", () => {
    expect(() => encode(key, ["fd00::1", 80])).toThrow("0: fd00::1 has 16 bytes where 4 are needed");
  });

  test("a port that is too high", () => {
    expect(() => encode(key, ["10.0.0.1", 65536])).toThrow("1: 65536 is not a u16be");
  });

  test("a name that is too long", () => {
    expect(() => encode(ifname, "sixteen-letters!")).toThrow("longer than the 15 bytes");
  });
});
