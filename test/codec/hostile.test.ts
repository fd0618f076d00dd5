/** Captured messages, damaged at random: they are read, or refused with a DecodeError, and nothing else happens. */
import { expect, test } from "bun:test";
import { annotateMessages } from "../../netlink/annotate.ts";
import {
  annotate,
  attr,
  attrs,
  bytes,
  type Codec,
  cstring,
  decode,
  encode,
  message,
  type Random,
  recursive,
  u32,
} from "../../netlink/codec/index.ts";
import { DecodeError } from "../../netlink/errors.ts";
import { messagesIn } from "../../netlink/message/header.ts";
import { netfilterMessages } from "../../netlink/netfilter/messages.ts";
import { routeCodec } from "../../netlink/route/messages.ts";
import { fixtures } from "../fixtures.ts";
import { seeded } from "../seeded.ts";

const captured = [...fixtures("route"), ...fixtures("netfilter")];

/** Attributes of any number, in each other as deep as they can be read so. */
const Generic: Codec<unknown> = attrs(
  Object.fromEntries(
    Array.from({ length: 40 }, (_, number) => {
      const kinds = [recursive(() => Generic), u32, cstring, bytes] as Codec<unknown>[];
      return [`attribute${number}`, attr(number, kinds[number % kinds.length]!)];
    }),
  ),
);
const GenericMessage = message({ header: u32 }, (Generic as unknown as { rows: Record<string, never> }).rows);

/** `original` with a few bytes changed, cut off or repeated. */
function damaged(original: Uint8Array, random: Random): Uint8Array {
  const copy = original.slice(0, random.once(4) ? random.below(original.length + 1) : original.length);
  for (let times = random.below(6); times >= 0 && copy.length > 0; times--) {
    const at = random.below(copy.length);
    if (random.once(3)) copy.copyWithin(at, random.below(copy.length), random.below(copy.length));
    else copy[at] = random.once(2) ? random.below(256) : [0, 1, 3, 4, 0x7f, 0xff][random.below(6)]!;
  }
  return copy;
}

/** What `codec` reads, or undefined when it refuses the bytes as it may. */
function readOrRefused(codec: Codec<unknown>, wire: Uint8Array): unknown {
  try {
    return decode(codec, wire);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    expect(error.byte).toBeWithin(0, wire.length + 1);
    return undefined;
  }
}

const bodies = captured.flatMap(({ protocol, bytes }) =>
  messagesIn(bytes).messages.map(({ type, body }) => ({
    body,
    codec:
      (protocol === "route" ? routeCodec(type, body) : netfilterMessages.get(type)?.codec) ?? GenericMessage,
  })),
);

seeded("twenty thousand damaged messages are read by the tables of their protocols, or refused", (random) => {
  let refused = 0;
  for (let count = 0; count < 20_000; count++) {
    const { body, codec } = bodies[random.below(bodies.length)]!;
    const wire = damaged(body, random);
    const value = readOrRefused(random.once(4) ? GenericMessage : codec, wire);
    if (value === undefined) refused++;
  }
  expect(refused).toBeWithin(1000, 19_000);
  expect(Reflect.ownKeys(Object.prototype)).toHaveLength(12);
});

seeded("a damaged message that is read is written to bytes that read the same", (random) => {
  for (let count = 0; count < 5000; count++) {
    const { body } = bodies[random.below(bodies.length)]!;
    const value = readOrRefused(GenericMessage, damaged(body, random));
    if (value === undefined) continue;
    const wire = encode(GenericMessage, value as never, "fromKernel");
    expect(encode(GenericMessage, decode(GenericMessage, wire) as never, "fromKernel")).toEqual(wire);
  }
});

seeded("two thousand damaged messages and datagrams can be annotated, every byte of them", (random) => {
  for (let count = 0; count < 2000; count++) {
    const { body, codec } = bodies[random.below(bodies.length)]!;
    const wire = damaged(body, random);
    expect(bytesShown(annotate(codec, wire))).toBe(wire.toHex());
    const { protocol, direction, bytes } = captured[random.below(captured.length)]!;
    if (bytes.length > 2000) continue;
    const datagram = damaged(bytes, random);
    expect(bytesShown(annotateMessages(protocol, datagram, direction))).toBe(datagram.toHex());
  }
});

/** The digits of the second column of a dump. */
const bytesShown = (dump: string): string =>
  dump
    .split("\n")
    .map((line) => line.slice(6, 30).replaceAll(" ", ""))
    .join("");

test("a message of one attribute, one byte long, a thousand times over, is refused at once", () => {
  const wire = new Uint8Array(4000).fill(1);
  expect(() => decode(Generic, wire)).toThrow(DecodeError);
});
