/** Addresses as text and bytes, held against RFC 5952, hostile texts, and ipaddr.js. */
import { describe, expect, test } from "bun:test";
import ipaddr from "ipaddr.js";
import { Random } from "../../netlink/codec/index.ts";
import { EncodeError } from "../../netlink/errors.ts";
import {
  familyOf,
  formatAddress,
  formatMac,
  isAddress,
  parseAddress,
  parseMac,
} from "../../netlink/wire/address.ts";
import { seeded } from "../seeded.ts";

const bytesOf = (hex: string): Uint8Array => Uint8Array.fromHex(hex);

describe("RFC 5952", () => {
  const recommendations: [rule: string, bytes: string, text: string][] = [
    ["§4.1: leading zeros are left out", "20010db8000000000000000000000001", "2001:db8::1"],
    ["§4.1: a group of zeros is one zero", "00010000000200000003000000040000", "1:0:2:0:3:0:4:0"],
    ["§4.2.1: as many groups as possible are shortened", "20010db8000000000000000000020001", "2001:db8::2:1"],
    [
      "§4.2.2: one group of zeros is not shortened",
      "20010db8000000010001000100010001",
      "2001:db8:0:1:1:1:1:1",
    ],
    ["§4.2.3: the longest run is shortened", "20010000000000010000000000000001", "2001:0:0:1::1"],
    ["§4.2.3: of two equal runs the first is", "20010db8000000000001000000000001", "2001:db8::1:0:0:1"],
    ["§4.3: letters are small", "20010db80000000000000000aaaabbbb", "2001:db8::aaaa:bbbb"],
    ["§5: an IPv4-mapped address ends in dots", "00000000000000000000ffffc0000221", "::ffff:192.0.2.33"],
    ["the unspecified address is two colons", "00000000000000000000000000000000", "::"],
    ["loopback", "00000000000000000000000000000001", "::1"],
    ["a run at the end", "20010db8000000000000000000000000", "2001:db8::"],
    ["a run of two at the end", "00010002000300040005000600000000", "1:2:3:4:5:6::"],
  ];

  test.each(recommendations)("%s: %s is %s", (_, bytes, text) => {
    expect(formatAddress(bytesOf(bytes))).toBe(text);
    expect(parseAddress(text)).toEqual(bytesOf(bytes));
  });
});

describe("texts that name the same address", () => {
  test.each([
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["2001:0db8::0001", "2001:db8::1"],
    ["0:0:0:0:0:ffff:c000:221", "::ffff:192.0.2.33"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
    ["1:2:3:4:5:6:192.0.2.33", "1:2:3:4:5:6:c000:221"],
  ])("%s is %s", (text, canonical) => {
    expect(formatAddress(parseAddress(text))).toBe(canonical);
  });
});

describe("no address is", () => {
  test.each([
    ...[
      "",
      " ",
      "1",
      "1.2.3",
      "1.2.3.",
      ".1.2.3",
      "1.2.3.4.",
      "1.2.3.4.5",
      "256.1.1.1",
      "1.2.3.999999999999",
    ],
    ...["01.2.3.4", "1.2.3.04", "0x1.2.3.4", "1.2.3.-4", "+1.2.3.4", "1. 2.3.4", "1.2.3.4 ", "1.2.3.4\n"],
    ...["1.2.3.4\0", "١.٢.٣.٤", "１.2.3.4", "1.2.3.4/24", "localhost", "__proto__"],
    ...[":", ":::", "1:::2", "1::2::3", "::1::", ":1::2", "1::2:", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9"],
    ...["1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "12345::", "g::", "::1%eth0", "[::1]", "::1\n", "::-1"],
    ...["::1.2.3", "::1.2.3.256", "::1.2.3.4:5", "1.2.3.4::", "1.2.3.4::1.2.3.4", "::1.2.3.4:1.2.3.4"],
    ...["1:2:3:4:5:6:7:1.2.3.4", "1:1.2.3.4:2::", ":".repeat(10_000), `${"0".repeat(10_000)}::`],
  ])("%p", (text) => {
    expect(isAddress(text)).toBe(false);
    expect(() => parseAddress(text)).toThrow(EncodeError);
  });
});

test("an address that cannot be read is named", () => {
  expect(() => parseAddress("10.0.0.256")).toThrow('"10.0.0.256" is not an IP address');
});

test("the family of an address is 4 or 6", () => {
  expect([familyOf("10.0.0.1"), familyOf("::ffff:10.0.0.1")]).toEqual([4, 6]);
});

/** Random bytes of an IPv6 address in which runs of zeros are as likely as not. */
const sparse = (random: Random): Uint8Array =>
  random.bytes(16).map((byte, index) => ((random.seed >> (index >> 1)) & 1 ? byte : 0));

seeded("ten thousand random addresses are what ipaddr.js takes them for", (random) => {
  for (let count = 0; count < 10_000; count++) {
    const bytes = random.once(4) ? random.bytes(4) : sparse(new Random(random.next()));
    const theirs = ipaddr.fromByteArray([...bytes]);
    const text = formatAddress(bytes);
    expect([...parseAddress(text)]).toEqual([...bytes]);
    expect(ipaddr.parse(text).toByteArray()).toEqual([...bytes]);
    expect([...parseAddress(theirs.toNormalizedString())]).toEqual([...bytes]);
    const mapped = theirs instanceof ipaddr.IPv6 && theirs.isIPv4MappedAddress();
    if (theirs instanceof ipaddr.IPv6 && !mapped) expect(text).toBe(theirs.toRFC5952String());
  }
});

seeded("what becomes of an address when a character changes is an address for both or for none", (random) => {
  const alphabet = "0123456789abcdef:.:.g ";
  let addresses = 0;
  for (let count = 0; count < 20_000; count++) {
    const text = formatAddress(random.once(2) ? random.bytes(4) : sparse(new Random(random.next())));
    const at = random.below(text.length);
    const changed =
      text.slice(0, at) + alphabet[random.below(alphabet.length)] + text.slice(at + random.below(2));
    const theirs = changed.includes(":")
      ? ipaddr.IPv6.isValid(changed)
      : ipaddr.IPv4.isValidFourPartDecimal(changed);
    expect([changed, isAddress(changed)]).toEqual([changed, theirs]);
    if (!theirs) continue;
    addresses++;
    expect([...parseAddress(changed)]).toEqual(ipaddr.parse(changed).toByteArray());
  }
  expect(addresses).toBeGreaterThan(1000);
});

describe("link-layer addresses", () => {
  test.each([
    ["of Ethernet", "02:42:ac:11:00:02", "0242ac110002"],
    ["of InfiniBand", `00${":ab".repeat(19)}`, `00${"ab".repeat(19)}`],
    ["of a tunnel", "0a:00:00:01", "0a000001"],
  ])("%s", (_, text, bytes) => {
    expect(parseMac(text)).toEqual(bytesOf(bytes));
    expect(formatMac(bytesOf(bytes))).toBe(text);
  });

  test("may be written in capitals", () => {
    expect(formatMac(parseMac("02:42:AC:11:00:0F"))).toBe("02:42:ac:11:00:0f");
  });

  test.each(["", "0", "02:", ":02", "02:4", "02:42:gg", "02-42", "0242", "02::42", "02:42\n", "٠٢"])(
    "%p is none",
    (text) => {
      expect(() => parseMac(text)).toThrow(EncodeError);
    },
  );
});
