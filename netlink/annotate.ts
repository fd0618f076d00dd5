/** Annotated dumps of what travels over a transport, by the tables of the protocols that this library knows. */
import { annotateKinds, type KindOf } from "./message/annotate.ts";
import { netfilterMessages } from "./netfilter/messages.ts";
import { routeCodec, routeMessages } from "./route/messages.ts";
import type { Protocol } from "./socket/linux.ts";
import { parseTranscript, type TranscriptEvent } from "./socket/transcript.ts";
import type { Direction } from "./wire/direction.ts";

const kinds: { readonly [P in Protocol]?: KindOf } = {
  route(type, body) {
    const name = routeMessages.get(type)?.name;
    const codec = routeCodec(type, body);
    return name === undefined || codec === undefined ? undefined : { name, codec };
  },
  netfilter: (type) => netfilterMessages.get(type),
};

const noKinds: KindOf = () => undefined;

/**
 * The messages of a datagram with their headers, attributes and values beside the bytes, eight of them a line.
 * @param protocol of the socket that it travels over; of others than `route` and `netfilter` only headers are read
 */
export const annotateMessages = (protocol: Protocol, datagram: Uint8Array, direction: Direction): string =>
  annotateKinds(kinds[protocol] ?? noKinds, datagram, direction);

/**
 * A recorded conversation, annotated.
 * @param text what `recording` wrote
 * @throws ProtocolError when the text is no transcript
 */
export function annotateTranscript(text: string): string {
  const { head, events } = parseTranscript(text);
  return events.map((event) => annotateEvent(head.protocol as Protocol, event)).join("\n\n");
}

/** What happened, annotated: `> sent`, `< received` or `! ` and the failure, and the datagram below it. */
export function annotateEvent(protocol: Protocol, event: TranscriptEvent): string {
  switch (event.kind) {
    case "sent":
      return `> sent\n${annotateMessages(protocol, event.bytes, "toKernel")}`;
    case "received": {
      const sender = event.port === 0 ? "" : ` from port ${event.port}`;
      const end = event.truncated ? "\nthe rest of it did not fit the buffer" : "";
      return `< received${sender}\n${annotateMessages(protocol, event.bytes, "fromKernel")}${end}`;
    }
    case "failed":
      return `! ${event.operation}: ${event.code}`;
  }
}
