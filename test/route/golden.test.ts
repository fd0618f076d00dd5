/** Captured messages mean what their meaning files say, and are written again as the kernel and iproute2 wrote them. */
import { expect, test } from "bun:test";
import { bytes, decode, encode } from "../../netlink/codec/index.ts";
import { verdict } from "../../netlink/message/ack.ts";
import { type Message, messagesIn, NLMSG_DONE, NLMSG_ERROR } from "../../netlink/message/header.ts";
import type { Request } from "../../netlink/message/request.ts";
import { routeCodec } from "../../netlink/route/messages.ts";
import { type Fixture, fixtures } from "../fixtures.ts";

/** Where iproute2 left what was in its memory as padding: the byte, counted from the message's body. */
const uncleared: Readonly<Record<string, number>> = { "route-add-with-next-hops-of-both-families": 54 };

async function meaningsOf({ name }: Fixture): Promise<unknown[]> {
  const { default: meaning } = await import(`../../fixtures/route/${name}.ts`);
  return name.endsWith("-datagram") ? meaning : [meaning];
}

/** The request that an error message refers to, as far as the kernel put it in. */
function requestIn({ body }: Message): Request {
  const length = new DataView(body.buffer, body.byteOffset).getUint32(4, true);
  const type = new DataView(body.buffer, body.byteOffset).getUint16(8, true);
  const request = body.subarray(4 + 16, 4 + length);
  const codec = (body.length >= 4 + length && routeCodec(type, request)) || bytes;
  return { operation: "", type, flags: 0, codec, body: decode(codec, request, "toKernel") };
}

const anyRequest: Request = { operation: "", type: 0, flags: 0, codec: bytes, body: new Uint8Array() };

function verdictOf(message: Message): unknown {
  const error = verdict(message, message.type === NLMSG_ERROR ? requestIn(message) : anyRequest);
  if (error === undefined) return "no error";
  const { code, said, at, policy } = error;
  return Object.fromEntries(
    Object.entries({ code, said, at, policy }).filter(([, text]) => text !== undefined),
  );
}

function compare(message: Message, meaning: unknown, { name, direction }: Fixture): void {
  if (message.type === NLMSG_ERROR || message.type === NLMSG_DONE) {
    expect(verdictOf(message)).toEqual(meaning);
    return;
  }
  const codec = routeCodec(message.type, message.body)!;
  expect(decode(codec, message.body, direction)).toEqual(meaning);
  const captured = message.body.slice();
  const padding = uncleared[name];
  if (padding !== undefined) captured[padding] = 0;
  expect(encode(codec, meaning, direction).toHex()).toBe(captured.toHex());
}

test.each(fixtures("route").map((fixture) => [fixture.name, fixture] as const))("%s", async (_, fixture) => {
  const meanings = await meaningsOf(fixture);
  const { messages, torn } = messagesIn(fixture.bytes);
  expect(torn).toBe(false);
  expect(messages.length).toBe(meanings.length);
  messages.forEach((message, index) => {
    compare(message, meanings[index], fixture);
  });
});
