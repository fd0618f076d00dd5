/** Requests as data: what to ask, and how the answer is read. Making one sends nothing. */
import type { Codec } from "../codec/codec.ts";
import type { Writer } from "../wire/writer.ts";
import { HEADER_LENGTH, NLM_F } from "./header.ts";

/** Something to ask of the kernel. */
export interface Request {
  /** What is asked and of what, for errors: `link.create veth1a2b`. */
  readonly operation: string;
  /** The message's type, with the subsystem in the upper byte for nfnetlink. */
  readonly type: number;
  /** NLM_F_* besides `request`. */
  readonly flags: number;
  /** How the body is written. */
  readonly codec: Codec<unknown>;
  readonly body: unknown;
}

/** A request whose answer is one or more messages, each read by `reply`. */
export interface Query<T> extends Request {
  readonly reply: Codec<T, never>;
}

/** A request to change something; the kernel only acknowledges it. */
export function change<In>(
  operation: string,
  type: number,
  flags: number,
  codec: Codec<unknown, In>,
  body: In,
): Request {
  return { operation, type, flags: flags | NLM_F.ack, codec: codec as Codec<unknown>, body };
}

/** A request to read one thing. */
export function query<In, T>(
  operation: string,
  type: number,
  codec: Codec<unknown, In>,
  body: In,
  reply: Codec<T, never>,
  flags = 0,
): Query<T> {
  return { operation, type, flags, codec: codec as Codec<unknown>, body, reply };
}

/** A request to read all there are. */
export function dump<In, T>(
  operation: string,
  type: number,
  codec: Codec<unknown, In>,
  body: In,
  reply: Codec<T, never>,
): Query<T> {
  return query(operation, type, codec, body, reply, NLM_F.dump);
}

/** Writes the message of a request. @throws EncodeError */
export function writeRequest(writer: Writer, request: Request, sequence: number, port: number): void {
  const start = writer.take(HEADER_LENGTH);
  request.codec.write(writer, request.body);
  const { view } = writer;
  view.setUint32(start, writer.position - start, true);
  view.setUint16(start + 4, request.type, true);
  view.setUint16(start + 6, request.flags | NLM_F.request, true);
  view.setUint32(start + 8, sequence, true);
  view.setUint32(start + 12, port, true);
  writer.align();
}
