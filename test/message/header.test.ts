/** Headers, and the messages of a datagram. */
import { describe, expect, test } from "bun:test";
import { attr, message, u8, u16 } from "../../netlink/codec/index.ts";
import { messagesIn } from "../../netlink/message/header.ts";
import { change, dump, query, writeRequest } from "../../netlink/message/request.ts";
import { Writer } from "../../netlink/wire/writer.ts";
import { hex } from "../bytes.ts";

describe("the messages of a datagram", () => {
  const first = "11000000 1000 0200 01000000 67120000  aa 000000"; // 17 bytes and padding
  const second = "10000000 0300 0200 02000000 67120000";

  test("are its headers and bodies, each at a multiple of four bytes", () => {
    expect(messagesIn(hex(first + second))).toEqual({
      messages: [
        { length: 17, type: 16, flags: 2, sequence: 1, port: 0x1267, body: hex("aa") },
        { length: 16, type: 3, flags: 2, sequence: 2, port: 0x1267, body: hex("") },
      ],
      torn: false,
    });
  });

  test("may be none", () => {
    expect(messagesIn(hex(""))).toEqual({ messages: [], torn: false });
  });

  test("may lack the padding of the last one", () => {
    expect(messagesIn(hex(first).slice(0, 17))).toMatchObject({ messages: [{ length: 17 }], torn: false });
  });

  test.each([
    ["is cut off in a header", first + second.slice(0, -9)],
    ["is cut off in a body", `${second}14000000 1000 0200 01000000 67120000 aabb`],
    ["has a header that claims less than itself", `${second}0f000000 1000 0200 01000000 67120000`],
    ["has a header that claims nothing", `${second}00000000 1000 0200 01000000 67120000`],
    ["has a header that claims four gigabytes", `${second}ffffffff 1000 0200 01000000 67120000`],
  ])("are those before the tear when it %s", (_, datagram) => {
    const { messages, torn } = messagesIn(hex(datagram));
    expect([messages.length, torn]).toEqual([1, true]);
  });
});

describe("a request", () => {
  const Thing = message({ family: u8 }, { size: attr(1, u16) });
  const written = (request: Parameters<typeof writeRequest>[1]) => {
    const writer = new Writer(1);
    writeRequest(writer, request, 0x01020304, 0x1267);
    return writer.bytes;
  };

  test("to change something asks for an ack", () => {
    expect(written(change("thing.set", 18, 0x400, Thing, { family: 2, size: 5 }))).toEqual(
      hex(
        `1c000000            # length 28
           1200 0504           # type, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE
           04030201 67120000   # sequence, port
           02 000000  0600 0100 0500 0000`,
      ),
    );
  });

  test("to read one thing asks for nothing more", () => {
    expect(written(query("thing.get", 18, Thing, {}, Thing)).slice(6, 8)).toEqual(hex("0100"));
  });

  test("to read all of them is a dump", () => {
    expect(written(dump("thing.list", 18, Thing, {}, Thing)).slice(6, 8)).toEqual(hex("0103"));
  });
});
