/** Messages as other clients and servers write them, read and written. */
import { describe, expect, test } from "bun:test";
import { DecodeError, EncodeError } from "../../netlink/errors.ts";
import { decodeMessage, encodeMessage, type Message } from "../../src/dhcp/message/message.ts";
import * as options from "../../src/dhcp/message/options.ts";
import { seeded } from "../seeded.ts";
import { answer, packet, payload } from "./captured.ts";

const { OPTION } = options;

const empty: Message = {
  op: "request",
  transaction: 1,
  seconds: 0,
  broadcast: false,
  clientAddress: "0.0.0.0",
  yourAddress: "0.0.0.0",
  mac: "02:00:00:00:00:07",
  options: new Map(),
};
const holding = (number: number, ...value: number[]) => new Map([[number, Uint8Array.from(value)]]);

describe("a message", () => {
  test.each(["discover", "request"] as const)("of another client (%s) is written as it was read", (name) => {
    expect(encodeMessage(decodeMessage(payload(name)))).toEqual(payload(name));
  });

  test("says what tcpdump says of dnsmasq's ACK", () => {
    const message = answer("ack");
    expect(message).toMatchObject({
      op: "reply",
      transaction: 0x4cb9f86b,
      seconds: 0,
      broadcast: false,
      clientAddress: "0.0.0.0",
      yourAddress: "10.77.0.50",
      mac: "02:00:00:00:00:07",
    });
    expect([...message.options.keys()]).toEqual([53, 54, 51, 58, 59, 1, 28, 12, 121, 33, 119, 15, 6, 3]);
  });

  test("of dhcpd goes on with its options where the file's and the server's names would be", () => {
    const { options } = answer("overloaded");
    for (const number of [224, 225]) expect(options.get(number)).toEqual(new Uint8Array(200).fill(120));
  });

  test("splits a value of more than 255 bytes, and joins it again", () => {
    const value = Uint8Array.from({ length: 600 }, (_, index) => index);
    const bytes = encodeMessage({ ...empty, options: new Map([[121, value]]) });
    expect([bytes[240], bytes[241], bytes[240 + 257], bytes[241 + 257]]).toEqual([121, 255, 121, 255]);
    expect(decodeMessage(bytes).options.get(121)).toEqual(value);
  });

  test("is at least as long as relays want it", () => {
    expect(encodeMessage(empty)).toHaveLength(300);
  });

  test.each([0, 255, 256])("is not written with option %d, which is none", (number) => {
    expect(() => encodeMessage({ ...empty, options: holding(number, 1) })).toThrow(EncodeError);
  });

  test.each<[string, (bytes: Uint8Array) => void]>([
    ["another cookie", (bytes) => bytes.set([1], 236)],
    ["an operation that is none", (bytes) => bytes.set([3], 0)],
    ["a link-layer address that is too long", (bytes) => bytes.set([17], 2)],
    ["an option that is longer than the message", (bytes) => bytes.set([12, 255], 298)],
  ])("with %s is refused", (_, spoil) => {
    const bytes = encodeMessage({ ...empty, options: new Map() }).slice();
    bytes.fill(0, 240);
    spoil(bytes);
    expect(() => decodeMessage(bytes)).toThrow(DecodeError);
  });
});

describe("options", () => {
  const { options: given } = answer("ack");

  test("are read as tcpdump reads them", () => {
    expect(options.messageType(given)).toBe("ack");
    expect(options.address(given, OPTION.serverIdentifier)).toBe("10.77.0.1");
    expect(options.seconds(given, OPTION.leaseTime)).toBe(120);
    expect(options.seconds(given, OPTION.renewalTime)).toBe(60);
    expect(options.seconds(given, OPTION.rebindingTime)).toBe(105);
    expect(options.prefixLength(given)).toBe(24);
    expect(options.addresses(given, OPTION.domainNameServer)).toEqual(["10.77.0.2", "10.77.0.3"]);
    expect(options.text(given, OPTION.hostName)).toBe("box");
  });

  test("name routes: of classes, and with prefixes", () => {
    expect(options.staticRoutes(given)).toEqual([
      { destination: "10.0.0.0/8", router: "10.77.0.9" },
      { destination: "192.168.5.0/24", router: "10.77.0.8" },
    ]);
    expect(options.classlessRoutes(given)).toEqual([
      { destination: "10.99.0.0/16", router: "10.77.0.9" },
      { destination: "0.0.0.0/0", router: "10.77.0.1" },
      { destination: "10.98.0.0/16", router: "0.0.0.0" },
      { destination: "10.1.2.3/32", router: "10.77.0.4" },
      { destination: "10.128.0.0/9", router: "10.77.0.5" },
    ]);
  });

  test("name domains, of which dnsmasq writes a common end once", () => {
    expect(options.searchDomains(given)).toEqual(["example.test", "sub.example.test", "other.test"]);
  });

  test("name the reason of a refusal", () => {
    expect(options.text(answer("nak").options, OPTION.message)).toBe("address not available");
  });

  test.each<[string, () => unknown]>([
    ["a mask with gaps", () => options.prefixLength(holding(1, 255, 0, 255, 0))],
    ["half an address", () => options.addresses(holding(3, 10, 0, 0, 1, 10), 3)],
    ["no address at all", () => options.addresses(holding(3), 3)],
    ["a time of five bytes", () => options.seconds(holding(51, 0, 0, 0, 1, 0), 51)],
    ["a prefix of 33 bits", () => options.classlessRoutes(holding(121, 33, 10, 0, 0, 0, 1, 10, 0, 0, 1))],
    ["a route without its router", () => options.classlessRoutes(holding(121, 8, 10))],
    ["a name that points to itself", () => options.searchDomains(holding(119, 0xc0, 0))],
    ["a name without an end", () => options.searchDomains(holding(119, 3, 97, 97))],
  ])("with %s are refused", (_, read) => {
    expect(read).toThrow(DecodeError);
  });
});

seeded("damaged messages and options give typed errors, and nothing else", (random) => {
  const all = (["offer", "ack", "nak", "overloaded", "discover"] as const).map(payload);
  for (let round = 0; round < 3000; round++) {
    const bytes = all[random.below(all.length)]!.slice(0, random.once(3) ? random.below(400) : undefined);
    for (let change = random.below(8); change > 0; change--)
      if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
    try {
      const { options: read } = decodeMessage(bytes);
      options.messageType(read);
      options.prefixLength(read);
      options.addresses(read, OPTION.router);
      options.staticRoutes(read);
      options.classlessRoutes(read);
      options.searchDomains(read);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  }
});

test("the captures are packets of their lengths", () => {
  for (const name of ["discover", "offer", "request", "ack", "nak", "overloaded"] as const)
    expect(new DataView(packet(name).buffer).getUint16(2)).toBe(packet(name).length);
});
