/** The IPv4 packets around messages: written as another client writes them, read as other servers do. */
import { expect, test } from "bun:test";
import { DecodeError } from "../../netlink/errors.ts";
import { decodePacket, encodePacket } from "../../src/dhcp/message/packet.ts";
import { seeded } from "../seeded.ts";
import { packet, payload } from "./captured.ts";

const EVERYBODY = "255.255.255.255";

/** Another client's packet with the flag that ours sets, and the checksum that follows from it (RFC 1624). */
function withoutFragments(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  view.setUint16(6, 0x4000);
  view.setUint16(10, view.getUint16(10) - 0x4000);
  return copy;
}

test.each(["discover", "request"] as const)("%s is what udhcpc sends, but that it may not be cut", (name) => {
  expect(encodePacket({ source: "0.0.0.0", destination: EVERYBODY, payload: payload(name) })).toEqual(
    withoutFragments(packet(name)),
  );
});

test("an answer with a whole checksum is read (dhcpd writes packets itself)", () => {
  expect(decodePacket(packet("overloaded"))).toEqual({
    source: "10.77.0.1",
    destination: "10.77.0.70",
    payload: payload("overloaded"),
  });
});

test.each(["offer", "ack", "nak"] as const)(
  "%s is read though the kernel left its checksum to hardware that is not there",
  (name) => {
    expect(decodePacket(packet(name))?.payload).toEqual(payload(name));
  },
);

test("an answer without a checksum is read", () => {
  const bytes = packet("overloaded");
  bytes.set([0, 0], 26);
  expect(decodePacket(bytes)?.payload).toEqual(payload("overloaded"));
});

test.each([
  ["to a server", packet("discover")],
  ["of TCP", mendedHeader(packet("overloaded"), 9, 6)],
  ["that is a fragment", mendedHeader(packet("overloaded"), 6, 0x20)],
])("a packet %s is none for a client", (_, bytes) => {
  expect(decodePacket(bytes)).toBeUndefined();
});

/** A byte of the header changed, the other bytes left; what is not UDP is passed over before checksums are looked at. */
function mendedHeader(bytes: Uint8Array, offset: number, value: number): Uint8Array {
  bytes[offset] = value;
  return bytes;
}

test.each([
  ["a changed byte", 300],
  ["a changed address", 15],
  ["a changed checksum", 26],
])("a packet with %s is refused", (_, offset) => {
  const bytes = packet("overloaded");
  bytes[offset]! ^= 1;
  expect(() => decodePacket(bytes)).toThrow(DecodeError);
});

test("what is behind a packet's end is not part of it", () => {
  const padded = new Uint8Array(700);
  padded.set(packet("overloaded"));
  expect(decodePacket(padded)?.payload).toEqual(payload("overloaded"));
});

seeded("damaged packets give typed errors, and nothing else", (random) => {
  for (let round = 0; round < 3000; round++) {
    const whole = packet("overloaded");
    const bytes = whole.slice(0, random.once(3) ? random.below(whole.length) : undefined);
    for (let change = random.below(5); change > 0 && bytes.length > 0; change--)
      bytes[random.below(Math.min(40, bytes.length))] = random.below(256);
    try {
      decodePacket(bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  }
});
