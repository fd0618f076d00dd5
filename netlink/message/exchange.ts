/** Sends requests over a transport, and finds the messages that answer them by their sequence numbers. */
import { ProtocolError, SystemError } from "../errors.ts";
import type { Transport } from "../socket/transport.ts";
import { Writer } from "../wire/writer.ts";
import { type Message, messagesIn, NLMSG_DONE, NLMSG_NOOP, NLMSG_OVERRUN } from "./header.ts";
import { type Request, writeRequest } from "./request.ts";

/** Told of each message that answers the request at `index`; gives whether that was all. */
export type Take = (message: Message, index: number) => boolean;

const TRUNCATED = "the kernel's answer is longer than the receive buffer";
const TORN = "the kernel's answer ends inside a message";

export class Exchange {
  /** @param sequence the number of the first request; the others count on from there, and after 2^32 - 1 comes 0 */
  constructor(
    private readonly transport: Transport,
    private sequence: number,
  ) {}

  /**
   * Sends requests in one datagram, and hands on the messages that answer them until `take` says that was all. Answers
   * to earlier requests that were given up, and messages from anybody but the kernel, are left out.
   * @throws SystemError, or ProtocolError when an answer was cut off
   */
  ask(requests: readonly Request[], take: Take): void {
    const [request] = requests;
    if (request === undefined) return;
    const { operation } = request;
    const first = this.sequence;
    const indexOf = (message: Message): number | undefined => {
      const index = (message.sequence - first) >>> 0;
      return index < requests.length && message.port === this.transport.port ? index : undefined;
    };
    during(operation, () => this.send(requests));
    for (;;) {
      const datagram = during(operation, () => this.transport.receive());
      if (datagram.port !== 0) continue;
      const { messages, torn } = messagesIn(datagram.bytes);
      let ours = messages.length === 0;
      for (const message of messages) {
        const index = indexOf(message);
        if (index === undefined || message.type === NLMSG_NOOP) continue;
        if (message.type === NLMSG_OVERRUN) throw new SystemError(operation, "ENOBUFS");
        if (take(message, index)) return;
        ours = true;
      }
      if (ours && datagram.truncated) throw new ProtocolError(operation, "EMSGSIZE", TRUNCATED);
      if (ours && torn) throw new ProtocolError(operation, "EPROTO", TORN);
    }
  }

  private send(requests: readonly Request[]): void {
    const writer = new Writer(4096);
    for (const request of requests) {
      writeRequest(writer, request, this.sequence, this.transport.port);
      this.sequence = (this.sequence + 1) >>> 0;
    }
    this.transport.send(writer.bytes);
  }

  /** Leaves out everything up to the end of a dump that was given up. @throws SystemError */
  skipToDone(operation: string): void {
    for (let done = false; !done; ) {
      const { bytes } = during(operation, () => this.transport.receive());
      const { messages } = messagesIn(bytes);
      done = messages.some(({ type }) => type === NLMSG_DONE);
    }
  }
}

/** Makes a call of the transport; its failure says for which operation it was made. */
function during<T>(operation: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new SystemError(`${operation}: ${error.operation}`, error.code, { cause: error });
  }
}
