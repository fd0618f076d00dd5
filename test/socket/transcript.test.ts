/** A conversation with the kernel, recorded, and played again without one. */
import { expect, test } from "bun:test";
import { ProtocolError, SystemError } from "../../netlink/errors.ts";
import { openSocket } from "../../netlink/socket/linux.ts";
import { createNamespace } from "../../netlink/socket/namespace.ts";
import { pretending } from "../../netlink/socket/pretend.ts";
import { recording } from "../../netlink/socket/record.ts";
import { replaying } from "../../netlink/socket/replay.ts";
import type { Transport } from "../../netlink/socket/transport.ts";
import { needs } from "../needs.ts";
import { createBridge, headersOf, hex, linkDump, numbered } from "./messages.ts";

const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;

/** Written by hand: one request to make a bridge (type 16), refused with EPERM, then silence. */
const REFUSAL = `# A netlink conversation: > sent, < received, ! failed
protocol: route
byte-order: little
port: 4711
> 30000000 10000506 02000000 00000000
  00000000 00000000 00000000 00000000
  10001200 0a000100 62726964 67650000
< 24000000 02000001 02000000 67120000
  ffffffff 30000000 10000506 02000000
  00000000
< from:99 truncated 10000000 0300
! receive ETIMEDOUT receive from route netlink within 5000 ms
`;

/** What `transport` answers to a request to make a bridge that is numbered 70. */
function conversation(transport: Transport): unknown[] {
  const answers: unknown[] = [];
  transport.send(numbered(createBridge, 70));
  for (let count = 0; count < 3; count++) {
    try {
      const { bytes, ...rest } = transport.receive();
      answers.push({ bytes: bytes.toHex(), ...rest });
    } catch (error) {
      answers.push(error);
    }
  }
  return answers;
}

test("a transcript is played, with the sequence numbers of those who play it", () => {
  const replay = replaying(REFUSAL);
  expect(replay.port).toBe(4711);
  expect(conversation(replay)).toEqual([
    {
      bytes: hex("24000000 02000001 46000000 67120000 ffffffff 30000000 10000506 02000000 00000000").toHex(),
      port: 0,
      truncated: false,
    },
    { bytes: "100000000300", port: 99, truncated: true },
    new SystemError("receive from route netlink within 5000 ms", "ETIMEDOUT"),
  ]);
  expect(replay.finished).toBe(true);
});

test("what is recorded while a transcript is played is that transcript", () => {
  const lines: string[] = [];
  const recorder = recording(replaying(REFUSAL), (line) => lines.push(line), "route");
  recorder.send(createBridge);
  recorder.receive();
  recorder.receive();
  expect(() => recorder.receive()).toThrow("ETIMEDOUT");
  expect(`${lines.join("\n")}\n`).toBe(REFUSAL);
});

test("comments and empty lines may stand anywhere in a transcript", () => {
  const commented = REFUSAL.replaceAll("\n", "\n\n# in between\n");
  expect(conversation(replaying(commented))).toEqual(conversation(replaying(REFUSAL)));
});

test("another request than the recorded one is refused, with the first difference", () => {
  const other = numbered(createBridge, 3);
  other[41] = 0x61; // "bridge" becomes "baidge"
  expect(() => replaying(REFUSAL).send(other)).toThrow(
    new ProtocolError(
      "replay event 1",
      "EPROTO",
      "what is sent differs from what was sent then: at byte 40, where 62726964 was recorded, is 62616964",
    ),
  );
  expect(() => replaying(REFUSAL).send(linkDump)).toThrow(
    "at byte 0, where 30000000 was recorded, is 20000000",
  );
  const longer = new Uint8Array([...createBridge, ...createBridge]);
  expect(() => replaying(REFUSAL).send(longer)).toThrow(
    "at byte 48, where nothing was recorded, is 30000000",
  );
});

test("a conversation that takes another course is refused", () => {
  expect(() => replaying(REFUSAL).receive()).toThrow(
    'a reply is awaited, but the recording goes on with "sent"',
  );
  const replay = replaying(REFUSAL);
  replay.send(createBridge);
  expect(replay.finished).toBe(false);
  expect(() => replay.send(createBridge)).toThrow(
    'a request was sent, but the recording goes on with "received"',
  );
  const played = replaying(REFUSAL);
  conversation(played);
  expect(() => played.receive()).toThrow("a reply is awaited, but the recording is at its end");
});

test("a request that could not be sent fails again when it is played", () => {
  const lines: string[] = [];
  const failing = pretending(() => {
    throw new SystemError("send to route netlink", "EPERM");
  });
  expect(() => recording(failing, (line) => lines.push(line), "route").send(linkDump)).toThrow("EPERM");
  expect(lines.at(-1)).toBe("! send EPERM send to route netlink");
  const replay = replaying(lines.join("\n"));
  expect(() => replay.send(linkDump)).toThrow(new SystemError("send to route netlink", "EPERM"));
  expect(replay.finished).toBe(true);
});

test.each([
  ["> 2000000", "line 5 is no part of a transcript: > 2000000"],
  ["> 20 00 x", "line 5 is no part of a transcript: > 20 00 x"],
  ["! receive", "line 5 is no part of a transcript: ! receive"],
  ["byte-order: big", "byte-order is big, but this host is little"],
])("a transcript with the line %p cannot be read", (line, said) => {
  const text = REFUSAL.split("\n").slice(0, 4).concat(line).join("\n");
  expect(() => replaying(text)).toThrow(new ProtocolError("read a transcript", "EPROTO", said));
});

needs("namespaces").test("a conversation with the kernel is the same when it is played", () => {
  using namespace = createNamespace();
  using socket = openSocket({ protocol: "route", namespace, receiveTimeout: 20 });
  const requests = [linkDump, createBridge, numbered(linkDump, 3)];
  const play = (transport: Transport, first: number) =>
    requests.map((request, index) => {
      const sequence = first + index;
      transport.send(numbered(request, sequence));
      const replies: string[] = [];
      for (;;) {
        const { bytes } = transport.receive();
        const headers = headersOf(bytes);
        for (const header of headers) expect(header.sequence).toBe(sequence);
        replies.push(numbered(bytes, 0).toHex());
        if ([NLMSG_ERROR, NLMSG_DONE].includes(headers[0]!.type)) return replies;
      }
    });
  const lines: string[] = [];
  const live = play(
    recording(socket, (line) => lines.push(line), "route"),
    1,
  );
  expect(live.map((replies) => replies.length)).toEqual([2, 1, 2]);
  const replay = replaying(lines.join("\n"));
  expect(replay.port).toBe(socket.port);
  expect(play(replay, 50)).toEqual(live);
  expect(replay.finished).toBe(true);
});
