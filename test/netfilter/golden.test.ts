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

/** The attributes of a capture in the kernel's words and in ours, and whether both mean the same if that can be told. */
function comparisonsOf(name: string, fixture: Fixture) {
  const notes = messagesOf(fixture).flatMap(({ codec, body, start, direction }) =>
    notesOf(codec, body, direction).map((note) => ({ ...note, offset: note.offset + start })),
  );
  return commentsOf(name)
    .filter((comment) => !UNREAD.test(comment.name))
    .map(({ offset, name: attribute, value }) => {
      const header = notes.find((note) => note.offset === offset);
      const content = notes.find(
        (note) => note.offset === offset + 4 && note.path.length === header?.path.length,
      );
      const agreed = content && agrees(content.text, value);
      return { theirs: `${attribute} ${value}`, offset, header, ours: content?.text, agreed };
    });
}

describe("a captured message means what the kernel's names beside it say", () => {
  test.each(captured)("%s", (name, fixture) => {
    for (const { theirs, offset, header, ours, agreed } of comparisonsOf(name, fixture)) {
      expect(header, `${theirs} at byte ${offset}`).toBeDefined();
      expect({ [theirs]: agreed === false ? ours : "agrees" }).toEqual({ [theirs]: "agrees" });
    }
  });

  test("which is thousands of values", () => {
    const comparisons = captured.flatMap(([name, fixture]) => comparisonsOf(name, fixture));
    expect(comparisons.filter(({ agreed }) => agreed !== undefined).length).toBeGreaterThan(2000);
  });
});
