/** The header of every netlink message (struct nlmsghdr, linux/netlink.h) and its flags. */
import { u16, u32 } from "../codec/integers.ts";
import { type Flags, flags } from "../codec/names.ts";
import { struct } from "../codec/struct.ts";

/** The length of a header in bytes. */
export const HEADER_LENGTH = 16;

/** Types of message that belong to no family. */
export const NLMSG_NOOP = 1;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLMSG_OVERRUN = 4;

/** NLM_F_*, as one number each. Those of a request to make something share bits with those of a request to read. */
export const NLM_F = {
  request: 0x1,
  multi: 0x2,
  ack: 0x4,
  echo: 0x8,
  dumpInterrupted: 0x10,
  dumpFiltered: 0x20,
  dump: 0x300,
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
  append: 0x800,
  /** NLM_F_NONREC of a delete request. */
  nonRecursive: 0x100,
  /** NLM_F_CAPPED of an ack: only the header of the request is in it. */
  capped: 0x100,
  /** NLM_F_ACK_TLVS of an ack: attributes with details follow. */
  ackAttributes: 0x200,
} as const;

const flagNames = { request: 1, multi: 2, ack: 4, echo: 8, dumpInterrupted: 16, dumpFiltered: 32 } as const;

/** struct nlmsghdr. `length` counts the header itself; `port` is the sender's in a request, the receiver's in a reply. */
export const Header = struct({
  length: u32,
  type: u16,
  flags: flags(u16, flagNames),
  sequence: u32,
  port: u32,
});
export type HeaderFlags = Flags<typeof flagNames>;

/** A header as the client reads it, with its flags as one number, and where the message lies. */
export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly port: number;
  /** What follows the header. */
  readonly body: Uint8Array;
}

/**
 * The messages of a datagram, in order.
 * @throws RangeError never: a header that is torn or lies about its length ends the list, with `torn` set
 */
export function messagesIn(datagram: Uint8Array): { messages: Message[]; torn: boolean } {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  const messages: Message[] = [];
  let offset = 0;
  while (offset + HEADER_LENGTH <= datagram.length) {
    const length = view.getUint32(offset, true);
    if (length < HEADER_LENGTH || length > datagram.length - offset) return { messages, torn: true };
    messages.push({
      type: view.getUint16(offset + 4, true),
      flags: view.getUint16(offset + 6, true),
      sequence: view.getUint32(offset + 8, true),
      port: view.getUint32(offset + 12, true),
      body: datagram.subarray(offset + HEADER_LENGTH, offset + length),
    });
    offset += (length + 3) & ~3;
  }
  return { messages, torn: offset < datagram.length };
}
