/** Recording: a transport that tells, or writes down in the form of `transcript.ts`, what passes through it. */
import { SystemError } from "../errors.ts";
import type { Protocol } from "./linux.ts";
import { eventLines, headLines, type TranscriptEvent } from "./transcript.ts";
import type { Transport } from "./transport.ts";

/** `transport`, with everything that passes through it, and what fails, told to `note` as it happens. */
export function observing(transport: Transport, note: (event: TranscriptEvent) => void): Transport {
  const noting = <T>(call: "send" | "receive", act: () => T): T => {
    try {
      return act();
    } catch (error) {
      if (error instanceof SystemError)
        note({ kind: "failed", call, code: error.code, operation: error.operation });
      throw error;
    }
  };
  return {
    port: transport.port,
    send(datagram) {
      note({ kind: "sent", bytes: datagram });
      noting("send", () => transport.send(datagram));
    },
    receive() {
      const datagram = noting("receive", () => transport.receive());
      note({ kind: "received", ...datagram });
      return datagram;
    },
    close: () => transport.close(),
  };
}

/**
 * `transport`, with every line of the transcript given to `sink` as soon as it has happened.
 * @param protocol named at the head of the transcript
 */
export function recording(transport: Transport, sink: (line: string) => void, protocol: Protocol): Transport {
  const write = (lines: string[]) => {
    for (const line of lines) sink(line);
  };
  write(headLines({ protocol, port: transport.port }));
  return observing(transport, (event) => write(eventLines(event)));
}
