/** Captured messages of nft, conntrack and the kernel: read by our tables, and written back to the same bytes. */
import { describe, expect, test } from "bun:test";
import { decode, encode, notesOf } from "../../netlink/codec/index.ts";
import type { Direction } from "../../netlink/wire/direction.ts";
import { NLMSG_DONE, NLMSG_ERROR } from "../../netlink/message/header.ts";
import { messagesIn } from "../../netlink/message/header.ts";
import { netfilterMessages } from "../../netlink/netfilter/messages.ts";
import { fixtures } from "../fixtures.ts";

const captured = fixtures("netfilter");

/** The messages of a capture but for acks, errors and ends of dumps, which belong to no family. */
const bodies = captured.flatMap(({ name, direction, bytes }) =>
  messagesIn(bytes)
    .messages.filter(({ type }) => type !== NLMSG_ERROR && type !== NLMSG_DONE)
    .map(({ type, body }, index) => [`${name} #${index}`, { direction, type, body }] as const),
);

/** `body` with zeros where it is padding: programs leave there what was in their memory. */
function withoutPadding(type: number, body: Uint8Array, direction: Direction): Uint8Array {
  const clean = new Uint8Array(body.length);
  for (const { offset, length } of notesOf(netfilterMessages.get(type)!.codec, body, direction)) {
    clean.set(body.subarray(offset, offset + length), offset);
  }
  return clean;
}

describe("captured messages", () => {
  test.each(bodies)("%s is written back to its own bytes", (_, { direction, type, body }) => {
    const message = netfilterMessages.get(type);
    expect(message).toBeDefined();
    const value = decode(message!.codec, body, direction);
    expect(encode(message!.codec, value, direction)).toEqual(withoutPadding(type, body, direction));
  });
});
