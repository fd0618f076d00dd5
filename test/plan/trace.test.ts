/** `--trace`: what is printed of a conversation, and that the conversation is none the worse for it. */
import { expect, test } from "bun:test";
import { Client } from "../../netlink/message/client.ts";
import { getLink } from "../../netlink/route/links.ts";
import { pretending } from "../../netlink/socket/pretend.ts";
import { replaying } from "../../netlink/socket/replay.ts";
import { tracing } from "../../src/plan/trace.ts";

/** Written by hand: NLMSG_ERROR with ENODEV, and the header of the first request from port 1, which it answers. */
const noSuchDevice = Uint8Array.fromHex(
  "24000000020000010100000001000000" + "edffffff" + "2c000000120001000100000001000000",
);

test("each datagram is printed with its side, its direction and what its bytes mean", () => {
  const printed: string[] = [];
  const open = tracing(
    (text) => printed.push(text),
    () => pretending(() => [noSuchDevice]),
  );
  expect(new Client(open("route", undefined)).find(getLink({ ifname: "none" }))).toBeUndefined();
  const [sent, received] = printed;
  expect(sent).toStartWith("host route > sent\n0000  2c 00 00 00 12 00 01 00  getlink, 44 bytes, request, ");
  expect(sent).toMatch(/^0024 {2}6e 6f 6e 65 00 +ifname "none"$/m);
  expect(received).toStartWith(
    "host route < received\n0000  24 00 00 00 02 00 00 01  error, 36 bytes, capped",
  );
  expect(received).toMatch(/^0010 {2}ed ff ff ff +ENODEV$/m);
  expect(received).toEndWith("\n");
  expect(printed).toHaveLength(2);
});

test("a call on the socket that fails is printed with its error, and fails all the same", () => {
  const printed: string[] = [];
  const silence =
    "protocol: route\nbyte-order: little\nport: 1\n! receive ETIMEDOUT receive from route netlink";
  const open = tracing(
    (text) => printed.push(text),
    () => replaying(silence),
  );
  expect(() => open("route", undefined).receive()).toThrow("ETIMEDOUT");
  expect(printed).toEqual(["host route ! receive from route netlink: ETIMEDOUT\n"]);
});
