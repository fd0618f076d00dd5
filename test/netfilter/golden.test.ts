/** Captured messages of nft, conntrack and the kernel: read by our tables, and written back to the same bytes. */
import { describe, expect, test } from "bun:test";
import { decode, encode, notesOf } from "../../netlink/codec/index.ts";
import { messagesIn, NLMSG_DONE, NLMSG_ERROR } from "../../netlink/message/header.ts";
import { netfilterMessages } from "../../netlink/netfilter/messages.ts";
import { type Fixture, fixtures } from "../fixtures.ts";
import { agrees, commentsOf } from "./comments.ts";

/** Captures but for refusals and ends of dumps, which belong to no family. */
const captured = fixtures("netfilter")
  .filter(({ bytes }) => !messagesIn(bytes).messages.some(({ type }) => type === NLMSG_ERROR))
  .map((each) => [each.name, each] as const);

function messagesOf({ bytes, direction }: Fixture) {
  return messagesIn(bytes)
    .messages.filter(({ type }) => type !== NLMSG_DONE)
    .map(({ type, body }) => {
      const message = netfilterMessages.get(type);
      if (message === undefined) throw new Error(`there is no message of type ${type}`);
      return { codec: message.codec, body, start: body.byteOffset - bytes.byteOffset, direction };
    });
}

/** Captures of programs that send between two attributes what was in their memory. */
const DIRTY = /^(conntrack-create-|element-get$|(chain|rule|set)-list$)/;

/** `body` with zeros where no attribute stands. */
function withoutPadding({ codec, body, direction }: ReturnType<typeof messagesOf>[number]): Uint8Array {
  const clean = new Uint8Array(body.length);
  for (const { offset, length } of notesOf(codec, body, direction)) {
    clean.set(body.subarray(offset, offset + length), offset);
  }
  return clean;
}

describe("a captured message is written back to its own bytes", () => {
  test.each(captured)("%s", (name, fixture) => {
    for (const message of messagesOf(fixture)) {
      const { codec, body, direction } = message;
      const written = encode(codec, decode(codec, body, direction), direction);
      expect(written).toEqual(DIRTY.test(name) ? withoutPadding(message) : body);
    }
  });
});

/** Expressions that are kept unread: what is in them has no names here. */
const UNREAD = /^NFTA_(DYNSET|LOG|BYTEORDER|NOTRACK|OBJREF)_/;

describe("a captured message means what the kernel's names beside it say", () => {
  let compared = 0;

  test.each(captured)("%s", (name, fixture) => {
    const notes = messagesOf(fixture).flatMap(({ codec, body, start, direction }) =>
      notesOf(codec, body, direction).map((note) => ({ ...note, offset: note.offset + start })),
    );
    for (const { offset, name: attribute, value } of commentsOf(name)) {
      if (UNREAD.test(attribute)) continue;
      const header = notes.find((note) => note.offset === offset);
      expect(header, `${attribute} at byte ${offset}`).toBeDefined();
      const content = notes.find(
        (note) => note.offset === offset + 4 && note.path.length === header!.path.length,
      );
      const agreed = content && agrees(content.text, value);
      if (agreed !== undefined) compared++;
      expect({ [`${attribute} ${value}`]: agreed === false ? content?.text : "agrees" }).toEqual({
        [`${attribute} ${value}`]: "agrees",
      });
    }
  });

  test("which was thousands of values", () => {
    expect(compared).toBeGreaterThan(2000);
  });
});
