/** Replaying: a transport that plays a recorded conversation, for whom no kernel is needed. */
import { ProtocolError, SystemError } from "../errors.ts";
import { headersIn, PORT, SEQUENCE } from "./headers.ts";
import { parseTranscript, type TranscriptEvent } from "./transcript.ts";
import type { Datagram, Transport } from "./transport.ts";

/**
 * A transport that gives the replies of a transcript to the requests of the transcript.
 *
 * What is sent must be what was sent then, in the same order. Only sequence numbers and port ids of headers may
 * differ: the replies get the sequence numbers of the requests that they answer.
 * @param text what `recording` wrote
 * @throws ProtocolError when the text is no transcript
 */
export function replaying(text: string): Replay {
  const { head, events } = parseTranscript(text);
  return new Replay(head.port, events);
}

/** A conversation being played. */
export class Replay implements Transport {
  private position = 0;
  /** Sequence numbers as they are now, by those that were recorded. */
  private readonly sequences = new Map<number, number>();

  constructor(
    readonly port: number,
    private readonly events: readonly TranscriptEvent[],
  ) {}

  /** Whether all that was recorded has been played. */
  get finished(): boolean {
    return this.position === this.events.length;
  }

  /** @throws ProtocolError that shows the first difference between what is sent and what was sent then */
  send(datagram: Uint8Array): void {
    const event = this.next();
    if (event?.kind !== "sent") throw this.unexpected("a request was sent", event);
    const difference = firstDifference(anonymous(event.bytes), anonymous(datagram));
    if (difference) throw this.error(`what is sent differs from what was sent then: ${difference}`);
    const sent = headersIn(datagram);
    for (const [index, recorded] of headersIn(event.bytes).entries())
      this.sequences.set(recorded.getUint32(SEQUENCE, true), sent[index]!.getUint32(SEQUENCE, true));
    this.failIfRecorded("send");
  }

  /** @throws ProtocolError when nothing was received at this point of the conversation */
  receive(): Datagram {
    this.failIfRecorded("receive");
    const event = this.next();
    if (event?.kind !== "received") throw this.unexpected("a reply is awaited", event);
    const bytes = event.bytes.slice();
    for (const header of headersIn(bytes)) {
      const sequence = this.sequences.get(header.getUint32(SEQUENCE, true));
      if (sequence !== undefined) header.setUint32(SEQUENCE, sequence, true);
    }
    return { bytes, port: event.port, truncated: event.truncated };
  }

  close(): void {}

  private next(): TranscriptEvent | undefined {
    return this.events[this.position++];
  }

  /** Throws the error that the call met when it was recorded. */
  private failIfRecorded(call: "send" | "receive"): void {
    const event = this.events[this.position];
    if (event?.kind !== "failed" || event.call !== call) return;
    this.position++;
    throw new SystemError(event.operation, event.code);
  }

  private unexpected(what: string, event: TranscriptEvent | undefined): ProtocolError {
    return this.error(
      `${what}, but the recording ${event ? `goes on with "${event.kind}"` : "is at its end"}`,
    );
  }

  private error(said: string): ProtocolError {
    return new ProtocolError(`replay event ${this.position}`, "EPROTO", said);
  }
}

/** A copy without what may differ. */
function anonymous(datagram: Uint8Array): Uint8Array {
  const copy = datagram.slice();
  for (const header of headersIn(copy)) {
    header.setUint32(SEQUENCE, 0);
    header.setUint32(PORT, 0);
  }
  return copy;
}

/** The first group of four bytes in which two datagrams differ. */
function firstDifference(recorded: Uint8Array, sent: Uint8Array): string | undefined {
  const length = Math.max(recorded.length, sent.length);
  for (let offset = 0; offset < length; offset += 4) {
    const [then, now] = [recorded, sent].map((bytes) => bytes.slice(offset, offset + 4).toHex() || "nothing");
    if (then !== now) return `at byte ${offset}, where ${then} was recorded, is ${now}`;
  }
  return undefined;
}
