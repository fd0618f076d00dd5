/** A client of the kernel: sends requests over a transport, and matches what comes back to them. */
import { decode } from "../codec/codec.ts";
import { type KernelError, ProtocolError, SystemError } from "../errors.ts";
import type { Transport } from "../socket/transport.ts";
import { Writer } from "../wire/writer.ts";
import { verdict } from "./ack.ts";
import {
  type Message,
  messagesIn,
  NLM_F,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_NOOP,
  NLMSG_OVERRUN,
} from "./header.ts";
import { type Query, type Request, writeRequest } from "./request.ts";

/** How often an interrupted dump is begun again before its caller is told. */
const DUMP_TRIES = 6;

export class Client implements Disposable {
  private sequence = 1;

  constructor(readonly transport: Transport) {}

  /** Asks for a change and waits for the kernel's word. @throws KernelError */
  do(request: Request): void {
    const error = this.attempt([request])[0];
    if (error !== undefined) throw error;
  }

  /**
   * Asks for several changes in one datagram. Each stands for itself: one that is refused does not stop those after it.
   * @returns for each request undefined, or the kernel's refusal
   */
  attempt(requests: readonly Request[]): (KernelError | undefined)[] {
    const first = this.send(requests);
    const verdicts: (KernelError | undefined)[] = requests.map(() => undefined);
    let waiting = requests.length;
    this.receive(requests[0]!.operation, first, requests.length, (message) => {
      if (message.type !== NLMSG_ERROR) return false;
      const index = message.sequence - first;
      verdicts[index] = verdict(message, requests[index]!);
      waiting--;
      return waiting === 0;
    });
    return verdicts;
  }

  /**
   * Sends requests that stand or fall together, as between the begin and the end of an nfnetlink batch. Only those
   * that ask for an ack get one; an error may come for any of them, and one for the first ends the whole.
   * @param reply told of each message that is neither ack nor error, such as an echo
   * @throws KernelError the first refusal
   */
  transact(requests: readonly Request[], reply?: (message: Message) => void): void {
    const first = this.send(requests);
    let waiting = requests.filter(({ flags }) => flags & NLM_F.ack).length;
    let refusal: KernelError | undefined;
    this.receive(requests[0]!.operation, first, requests.length, (message) => {
      if (message.type !== NLMSG_ERROR) {
        reply?.(message);
        return false;
      }
      const request = requests[message.sequence - first]!;
      refusal ??= verdict(message, request);
      if (request.flags & NLM_F.ack) waiting--;
      return waiting === 0 || (refusal !== undefined && message.sequence === first);
    });
    if (refusal !== undefined) throw refusal;
  }

  /** Asks for one thing. @throws KernelError, or ProtocolError when the answer has nothing in it */
  get<T>(query: Query<T>): T {
    let value: { found: T } | undefined;
    const first = this.send([query]);
    this.receive(query.operation, first, 1, (message) => {
      if (message.type === NLMSG_ERROR || message.type === NLMSG_DONE) {
        const error = verdict(message, query);
        if (error !== undefined) throw error;
        return true;
      }
      value = { found: decode(query.reply, message.body) };
      return (query.flags & NLM_F.ack) === 0 && (message.flags & NLM_F.multi) === 0;
    });
    if (value === undefined)
      throw new ProtocolError(query.operation, "EPROTO", "the kernel's answer is empty");
    return value.found;
  }

  /** As `get`, but gives undefined when the kernel says there is no such thing. @throws KernelError */
  find<T>(query: Query<T>): T | undefined {
    try {
      return this.get(query);
    } catch (error) {
      const absent =
        error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENODEV");
      if (absent) return undefined;
      throw error;
    }
  }

  /**
   * Asks for all there are. A dump during which something changed, or of which the socket lost a part, is begun again.
   * @throws KernelError, or ProtocolError with code `EINTR` when it stayed inconsistent
   */
  list<T>(query: Query<T>): T[] {
    for (let tries = 1; ; tries++) {
      const values: T[] = [];
      if (this.dump(query, (value) => values.push(value))) return values;
      if (tries === DUMP_TRIES) {
        const said = `what is listed changed during each of ${DUMP_TRIES} tries: try again when less is going on`;
        throw new ProtocolError(query.operation, "EINTR", said);
      }
    }
  }

  /** One dump; gives whether what was read is consistent. */
  private dump<T>(query: Query<T>, visit: (value: T) => void): boolean {
    let consistent = true;
    const first = this.send([query]);
    try {
      this.receive(query.operation, first, 1, (message) => {
        if (message.flags & NLM_F.dumpInterrupted) consistent = false;
        if (message.type === NLMSG_ERROR || message.type === NLMSG_DONE) {
          const error = verdict(message, query);
          if (error === undefined) return true;
          if (error.code !== "EINTR") throw error;
          consistent = false;
          return true;
        }
        visit(decode(query.reply, message.body));
        return false;
      });
    } catch (error) {
      const lost = (error instanceof SystemError || error instanceof ProtocolError) && LOST.has(error.code);
      if (!lost) throw error;
      return false;
    }
    return consistent;
  }

  /** Sends requests in one datagram; gives the sequence number of the first. */
  private send(requests: readonly Request[]): number {
    const first = this.sequence;
    const { port } = this.transport;
    const writer = new Writer(4096);
    for (const request of requests) writeRequest(writer, request, this.sequence++, port);
    this.transport.send(writer.bytes);
    return first;
  }

  /**
   * Hands on the messages that answer the `count` requests from `first` on, until `take` says that was all. Answers to
   * earlier requests that were given up, and messages from anybody but the kernel, are left out.
   */
  private receive(
    operation: string,
    first: number,
    count: number,
    take: (message: Message) => boolean,
  ): void {
    for (;;) {
      const datagram = this.transport.receive();
      if (datagram.port !== 0) continue;
      if (datagram.truncated) {
        throw new ProtocolError(
          operation,
          "EMSGSIZE",
          "the kernel's answer is longer than the receive buffer",
        );
      }
      const { messages, torn } = messagesIn(datagram.bytes);
      for (const message of messages) {
        const ours = message.sequence >= first && message.sequence < first + count;
        if (!ours || message.port !== this.transport.port || message.type === NLMSG_NOOP) continue;
        if (message.type === NLMSG_OVERRUN) throw new SystemError(operation, "ENOBUFS");
        if (take(message)) return;
      }
      if (torn) throw new ProtocolError(operation, "EPROTO", "the kernel's answer ends inside a message");
    }
  }

  [Symbol.dispose](): void {
    this.transport.close();
  }
}

/** What makes a dump worth another try: a part of it was dropped, or cut off (the next buffer is larger). */
const LOST: ReadonlySet<string> = new Set(["ENOBUFS", "EMSGSIZE"]);
