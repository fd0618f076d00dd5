/** Addresses with a prefix length, held against ipaddr.js. */
import { describe, expect, test } from "bun:test";
import ipaddr from "ipaddr.js";
import type { Random } from "../../netlink/codec/index.ts";
import { EncodeError } from "../../netlink/errors.ts";
import { formatAddress } from "../../netlink/wire/address.ts";
import {
  addressAfter,
  type Cidr,
  firstOf,
  lastOf,
  networkOf,
  overlap,
  parseCidr,
  withoutPrefix,
} from "../../netlink/wire/cidr.ts";
import { seeded } from "../seeded.ts";

function randomCidr(random: Random): Cidr {
  const bytes = random.bytes(random.once(2) ? 4 : 16);
  return { bytes, prefix: random.below(8 * bytes.length + 1) };
}

const textOf = ({ bytes, prefix }: Cidr): string => `${formatAddress(bytes)}/${prefix}`;

describe("an address with a prefix", () => {
  test.each([
    ["10.87.1.2/24", "10.87.1.0/24", "10.87.1.0", "10.87.1.255"],
    ["10.87.1.2/32", "10.87.1.2/32", "10.87.1.2", "10.87.1.2"],
    ["10.87.1.2/31", "10.87.1.2/31", "10.87.1.2", "10.87.1.3"],
    ["192.168.255.1/0", "0.0.0.0/0", "0.0.0.0", "255.255.255.255"],
    ["172.16.200.3/12", "172.16.0.0/12", "172.16.0.0", "172.31.255.255"],
    ["fd00:1:2:3::4/64", "fd00:1:2:3::/64", "fd00:1:2:3::", "fd00:1:2:3:ffff:ffff:ffff:ffff"],
    ["fd00::4/127", "fd00::4/127", "fd00::4", "fd00::5"],
  ])("%s is in %s, from %s to %s", (text, network, first, last) => {
    const cidr = parseCidr(text);
    expect([networkOf(cidr), formatAddress(firstOf(cidr)), formatAddress(lastOf(cidr))]).toEqual([
      network,
      first,
      last,
    ]);
  });

  test.each([
    ...["", "/", "/24", "10.0.0.1", "10.0.0.1/", "10.0.0.1/33", "10.0.0.1/-1", "10.0.0.1/+1", "10.0.0.1/1e1"],
    ...[
      "10.0.0.1/24/24",
      "10.0.0.1/ 24",
      "10.0.0.1/24\n",
      "10.0.0.1/٢٤",
      "10.0.0.1/255.0.0.0",
      "::/129",
      "::1",
    ],
  ])("is not %p", (text) => {
    expect(() => parseCidr(text)).toThrow(EncodeError);
  });

  test("loses it", () => {
    expect([withoutPrefix("10.87.1.2/24"), withoutPrefix("::1/128"), withoutPrefix("::1")]).toEqual([
      "10.87.1.2",
      "::1",
      "::1",
    ]);
  });
});

test.each([
  ["10.0.0.1", "10.0.0.2"],
  ["10.0.0.255", "10.0.1.0"],
  ["255.255.255.255", "0.0.0.0"],
  ["fd00::ffff", "fd00::1:0"],
  ["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::"],
])("after %s comes %s", (address, next) => {
  const { bytes } = parseCidr(`${address}/0`);
  const before = [...bytes];
  expect(formatAddress(addressAfter(bytes))).toBe(next);
  expect([...bytes]).toEqual(before);
});

seeded("the first and the last address of five thousand networks are those of ipaddr.js", (random) => {
  for (let count = 0; count < 5000; count++) {
    const cidr = randomCidr(random);
    const theirs = cidr.bytes.length === 4 ? ipaddr.IPv4 : ipaddr.IPv6;
    const text = textOf(cidr);
    expect(parseCidr(text)).toEqual(cidr);
    expect([...firstOf(cidr)]).toEqual(theirs.networkAddressFromCIDR(text).toByteArray());
    expect([...lastOf(cidr)]).toEqual(theirs.broadcastAddressFromCIDR(text).toByteArray());
  }
});

/** Whether two networks overlap, by their ends as numbers. */
function overlapByNumbers(a: Cidr, b: Cidr): boolean {
  const number = (bytes: Uint8Array): bigint => BigInt(`0x${bytes.toHex()}`);
  const apart = number(lastOf(a)) < number(firstOf(b)) || number(lastOf(b)) < number(firstOf(a));
  return a.bytes.length === b.bytes.length && !apart;
}

seeded("two networks overlap when their ranges of numbers do", (random) => {
  let overlapping = 0;
  for (let count = 0; count < 5000; count++) {
    const a = randomCidr(random);
    // Half of them begin alike, or none would overlap.
    const b = random.once(2) ? randomCidr(random) : { ...a, prefix: random.below(8 * a.bytes.length + 1) };
    expect([textOf(a), textOf(b), overlap(a, b)]).toEqual([textOf(a), textOf(b), overlapByNumbers(a, b)]);
    expect(overlap(b, a)).toBe(overlap(a, b));
    if (overlap(a, b)) overlapping++;
  }
  expect(overlapping).toBeWithin(1000, 5000);
});
