/** The header of every netlink message (struct nlmsghdr, linux/netlink.h) and its flags. */
import { aligned } from "../wire/align.ts";

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

/** struct nlmsghdr. */
export interface Header {
  /** Of header and body, in bytes. */
  readonly length: number;
  readonly type: number;
  /** NLM_F_*. */
  readonly flags: number;
  readonly sequence: number;
  /** The sender's port in a request, the receiver's in a reply. */
  readonly port: number;
}

/** A message of a datagram. */
export interface Message extends Header {
  /** What follows the header. */
  readonly body: Uint8Array;
}

/** Whether a message ends an answer: an ack, a refusal, or the end of a dump. */
export const isEnd = ({ type }: Header): boolean => type === NLMSG_ERROR || type === NLMSG_DONE;

/** The header at the beginning of `bytes`, of which there are enough. */
export function headerAt(bytes: Uint8Array): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_LENGTH);
  return {
    length: view.getUint32(0, true),
    type: view.getUint16(4, true),
    flags: view.getUint16(6, true),
    sequence: view.getUint32(8, true),
    port: view.getUint32(12, true),
  };
}

/** The messages of a datagram, in order; `torn` when a header lies about its length, or the last one is cut off. */
export function messagesIn(datagram: Uint8Array): { messages: Message[]; torn: boolean } {
  const messages: Message[] = [];
  let offset = 0;
  while (offset + HEADER_LENGTH <= datagram.length) {
    const header = headerAt(datagram.subarray(offset));
    const { length } = header;
    if (length < HEADER_LENGTH || length > datagram.length - offset) return { messages, torn: true };
    messages.push({ ...header, body: datagram.subarray(offset + HEADER_LENGTH, offset + length) });
    offset += aligned(length);
  }
  return { messages, torn: offset < datagram.length };
}
