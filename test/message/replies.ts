/** What a kernel answers, put together by hand for pretended ones (struct nlmsghdr and nlmsgerr, linux/netlink.h). */
import { attr, attrs, cstring, message, struct, u8, u16, u32 } from "../../netlink/codec/index.ts";
import type { Message } from "../../netlink/message/header.ts";
import { messagesIn } from "../../netlink/message/header.ts";
import { change, dump, type Query, query, type Request } from "../../netlink/message/request.ts";
import { hex } from "../bytes.ts";

/** The port of the pretended socket. */
export const PORT = 4711;
const MULTI = 2;
const ERROR = 2;
const DONE = 3;

const little = (value: number, bytes: number): string =>
  Array.from({ length: bytes }, (_, index) =>
    ((value / 2 ** (8 * index)) & 255).toString(16).padStart(2, "0"),
  ).join("");

/** One message. */
export function messageOf(
  { sequence, port = PORT }: { sequence: number; port?: number },
  type: number,
  flags: number,
  body: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const header = [
    little(16 + body.length, 4),
    little(type, 2),
    little(flags, 2),
    little(sequence, 4),
    little(port, 4),
  ];
  const padding = "00".repeat(-body.length & 3);
  return hex(header.join("") + body.toHex() + padding);
}

/** Messages in one datagram. */
export const together = (...messages: Uint8Array[]): Uint8Array<ArrayBuffer> =>
  hex(messages.map((each) => each.toHex()).join(""));

/** NLMSG_ERROR with the header of the request (NLM_F_CAPPED): an ack when `errno` is 0. */
export const ack = (request: Message, errno = 0): Uint8Array<ArrayBuffer> => {
  const header = messageOf(request, request.type, request.flags, new Uint8Array()).toHex();
  return messageOf({ sequence: request.sequence }, ERROR, 0x100, hex(little(-errno >>> 0, 4) + header));
};

/** NLMSG_DONE. */
export const done = ({ sequence }: Message, errno = 0, flags = 0): Uint8Array<ArrayBuffer> =>
  messageOf({ sequence }, DONE, MULTI | flags, hex(little(-errno >>> 0, 4)));

/** A thing of our own invention: a number and a name. */
export const Thing = message(
  { id: u32 },
  {
    name: attr(1, cstring),
    parts: attr(2, attrs({ size: attr(1, u16), range: attr(2, struct({ from: u8, to: u8 })) })),
  },
);

/** What the kernel says about thing number `id`, of a dump when `flags` has NLM_F_MULTI. */
export const thing = ({ sequence }: Message, id: number, flags = 0): Uint8Array<ArrayBuffer> =>
  messageOf({ sequence }, 100, flags, hex(little(id, 4)));

/** The same as a part of a dump. */
export const part = (request: Message, id: number, flags = 0): Uint8Array<ArrayBuffer> =>
  thing(request, id, MULTI | flags);

export const setThing = (id: number): Request => change(`thing.set ${id}`, 102, 0, Thing, { id });
export const getThing = (id: number): Query<{ id: number }> =>
  query(`thing.get ${id}`, 101, Thing, { id }, Thing);
export const listThings = (): Query<{ id: number }> => dump("thing.list", 101, Thing, {}, Thing);

/** The requests of a datagram that a client sent. */
export const requestsIn = (datagram: Uint8Array): Message[] => messagesIn(datagram).messages;
