/** Annotated dumps of datagrams: the headers of their messages, what acks say, and each body as its protocol reads it. */
import { dumpLines, notesOf } from "../codec/annotate.ts";
import type { Codec } from "../codec/codec.ts";
import type { Direction } from "../wire/direction.ts";
import { errnoName } from "../wire/errno.ts";
import type { Note } from "../wire/reader.ts";
import { ackParts, ExtendedAck } from "./ack.ts";
import {
  HEADER_LENGTH,
  type Header,
  headerAt,
  isEnd,
  type Message,
  messagesIn,
  NLM_F,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_NOOP,
  NLMSG_OVERRUN,
} from "./header.ts";

/** What a protocol calls a message, and how its body reads. */
export interface MessageKind {
  /** The kernel's word: `newlink`. What it begins with decides what the flags mean: `new`, `get` or `del`. */
  readonly name: string;
  readonly codec: Codec<unknown>;
}

/** The kind of a message with this type and body; undefined when the protocol does not say. */
export type KindOf = (type: number, body: Uint8Array) => MessageKind | undefined;

/** Types of message that belong to no family. */
const CONTROL: Readonly<Record<number, string>> = {
  [NLMSG_NOOP]: "noop",
  [NLMSG_ERROR]: "error",
  [NLMSG_DONE]: "done",
  [NLMSG_OVERRUN]: "overrun",
};

const pick = <K extends keyof typeof NLM_F>(...names: K[]) =>
  names.map((name) => [name, NLM_F[name]] as const);

const COMMON_FLAGS = pick("request", "multi", "ack", "echo", "dumpInterrupted", "dumpFiltered");
/** Flags that mean something else in each of these, by how the message's name begins. */
const FLAGS_BY_NAME = [
  [/\bget/, pick("dump")],
  [/\b(new|set)/, pick("replace", "exclusive", "create", "append")],
  [/\bdel/, pick("nonRecursive")],
  [/^(error|done)$/, pick("capped", "ackAttributes")],
] as const;

function flagWords(flags: number, name: string): string {
  const own = FLAGS_BY_NAME.find(([pattern]) => pattern.test(name))?.[1] ?? [];
  const set = [...COMMON_FLAGS, ...own].filter(([, bits]) => (flags & bits) === bits);
  const rest = set.reduce((left, [, bits]) => left & ~bits, flags);
  return [...set.map(([word]) => word), ...(rest ? [`0x${rest.toString(16)}`] : [])].join(" ") || "no flags";
}

function headerNote(header: Header, offset: number, name: string): Note {
  const { length, flags, sequence, port } = header;
  const text = `${name}, ${length} bytes, ${flagWords(flags, name)}, sequence ${sequence}, port ${port}`;
  return { offset, length: HEADER_LENGTH, path: [], text };
}

/** The notes of a message that ends where `upTo` does. */
function messageNotes(kindOf: KindOf, message: Message, upTo: Uint8Array, direction: Direction): Note[] {
  const start = upTo.length - message.body.length;
  const control = CONTROL[message.type];
  const kind = kindOf(message.type, message.body);
  const header = headerNote(message, start - HEADER_LENGTH, control ?? kind?.name ?? `type ${message.type}`);
  if (isEnd(message)) return [header, ...ackNotes(kindOf, message, upTo)];
  return kind === undefined ? [header] : [header, ...notesOf(kind.codec, upTo, direction, start)];
}

/** The notes of an errno, the request that it answers, and the kernel's details. */
function ackNotes(kindOf: KindOf, message: Message, upTo: Uint8Array): Note[] {
  const start = upTo.length - message.body.length;
  if (message.body.length < 4) return [];
  const { errno, request, details } = ackParts(message);
  const word = { offset: start, length: 4, path: [], text: errno === 0 ? "no error" : errnoName(-errno) };
  const upToRequest = upTo.subarray(0, start + 4 + request.length);
  return [
    word,
    ...requestNotes(kindOf, request, upToRequest),
    ...(details.length > 0 ? notesOf(ExtendedAck, upTo, "fromKernel", upTo.length - details.length) : []),
  ];
}

/** The notes of the request in an ack, of which there may be the header alone. */
function requestNotes(kindOf: KindOf, request: Uint8Array, upTo: Uint8Array): Note[] {
  const [whole] = messagesIn(request).messages;
  if (whole !== undefined) return messageNotes(kindOf, whole, upTo, "toKernel");
  if (request.length < HEADER_LENGTH) return [];
  const header = headerAt(request);
  const name = kindOf(header.type, NOTHING)?.name ?? `type ${header.type}`;
  return [headerNote(header, upTo.length - request.length, name)];
}

const NOTHING = new Uint8Array();

/** The annotated dump of a datagram whose messages are of the kinds that `kindOf` gives. */
export function annotateKinds(kindOf: KindOf, datagram: Uint8Array, direction: Direction): string {
  const notes = messagesIn(datagram).messages.flatMap((message) => {
    const end = message.body.byteOffset - datagram.byteOffset + message.body.length;
    return messageNotes(kindOf, message, datagram.subarray(0, end), direction);
  });
  return dumpLines(datagram, notes).join("\n");
}
