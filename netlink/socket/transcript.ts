/**
 * The readable file of a recorded conversation.
 *
 *     # a comment
 *     protocol: route
 *     byte-order: little
 *     port: 4711
 *     > 20000000 12000500 01000000 67120000
 *       00000000 00000000 00000000 00000000
 *     < 24000000 02000001 01000000 67120000
 *       edffffff 20000000 12000500 01000000
 *       67120000
 *     < from:99 truncated 10000000
 *     ! receive ETIMEDOUT receive from route netlink within 5000 ms
 *
 * `>` was sent and `<` received, in groups of four bytes as they travelled, in as many lines as it takes; `from` is a
 * sender other than the kernel. `!` is a call that failed: which of the two, the code, and the operation.
 */
import { ProtocolError } from "../errors.ts";
import type { Datagram } from "./transport.ts";

/** What is true of a conversation as a whole. */
export interface TranscriptHead {
  readonly protocol: string;
  /** The port id that the replies are addressed to. */
  readonly port: number;
}

/** What happened, in order. */
export type TranscriptEvent =
  | { readonly kind: "sent"; readonly bytes: Uint8Array }
  | ({ readonly kind: "received" } & Datagram)
  | {
      readonly kind: "failed";
      readonly call: "send" | "receive";
      readonly code: string;
      readonly operation: string;
    };

/** Numbers in messages are in the order of the host that recorded them, and Bun's hosts have only this one. */
const BYTE_ORDER = "little";
const BYTES_A_LINE = 16;

/** The lines with which a transcript begins. */
export function headLines({ protocol, port }: TranscriptHead): string[] {
  return [
    "# A netlink conversation: > sent, < received, ! failed",
    `protocol: ${protocol}`,
    `byte-order: ${BYTE_ORDER}`,
    `port: ${port}`,
  ];
}

/** The lines of one event. */
export function eventLines(event: TranscriptEvent): string[] {
  switch (event.kind) {
    case "sent":
      return datagramLines([">"], event.bytes);
    case "received": {
      const notes = [event.port !== 0 && `from:${event.port}`, event.truncated && "truncated"];
      return datagramLines(["<", ...notes.filter((note) => note !== false)], event.bytes);
    }
    case "failed":
      return [`! ${event.call} ${event.code} ${event.operation}`];
  }
}

function datagramLines(start: string[], bytes: Uint8Array): string[] {
  const lines = [start.join(" ")];
  for (let offset = 0; offset < bytes.length; offset += BYTES_A_LINE) {
    const groups = bytes
      .slice(offset, offset + BYTES_A_LINE)
      .toHex()
      .match(/.{1,8}/g)!;
    if (offset === 0) lines[0] += ` ${groups.join(" ")}`;
    else lines.push(`  ${groups.join(" ")}`);
  }
  return lines;
}

/** Reads a transcript. @throws ProtocolError that names the first line that cannot be read */
export function parseTranscript(text: string): { head: TranscriptHead; events: TranscriptEvent[] } {
  const head = new Map<string, string>();
  const events: TranscriptEvent[] = [];
  for (const [number, lines] of statements(text)) {
    const event = parseEvent(lines);
    const [, name, value] = /^([a-z-]+): (.+)$/.exec(lines) ?? [];
    if (event !== undefined) events.push(event);
    else if (name !== undefined && value !== undefined) head.set(name, value);
    else throw unreadable(`line ${number} is no part of a transcript: ${lines}`);
  }
  const byteOrder = head.get("byte-order");
  if (byteOrder !== BYTE_ORDER)
    throw unreadable(`byte-order is ${byteOrder}, but this host is ${BYTE_ORDER}`);
  return { head: { protocol: head.get("protocol") ?? "", port: Number(head.get("port") ?? 0) }, events };
}

const unreadable = (said: string) => new ProtocolError("read a transcript", "EPROTO", said);

/** What the text says, with the number of the line where it begins: comments left out, continued lines joined. */
function statements(text: string): [number, string][] {
  const found: [number, string][] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const last = found.at(-1);
    if (line.trim() === "" || line.startsWith("#")) continue;
    if (line.startsWith(" ") && last !== undefined) last[1] += ` ${line.trim()}`;
    else found.push([index + 1, line.trimEnd()]);
  }
  return found;
}

function parseEvent(statement: string): TranscriptEvent | undefined {
  const [, call, code, operation] = /^! (send|receive) (\S+) (.*)$/.exec(statement) ?? [];
  if ((call === "send" || call === "receive") && code !== undefined && operation !== undefined)
    return { kind: "failed", call, code, operation };
  const [, direction, from, truncated, hex] =
    /^([<>])(?: from:(\d+))?( truncated)?((?: (?:[0-9a-f]{2}){1,4})*)$/.exec(statement) ?? [];
  if (hex === undefined) return undefined;
  const bytes = Uint8Array.fromHex(hex.replaceAll(" ", ""));
  return direction === ">"
    ? { kind: "sent", bytes }
    : { kind: "received", bytes, port: Number(from ?? 0), truncated: truncated !== undefined };
}
