/** Datagrams as annotated dumps: headers, bodies by the tables of their protocol, acks with the request and details. */
import { describe, expect, test } from "bun:test";
import { annotateMessages, annotateTranscript } from "../../netlink/annotate.ts";
import { hex } from "../bytes.ts";
import { fixture } from "../fixtures.ts";

const annotated = (protocol: "route" | "netfilter", name: string): string => {
  const { bytes, direction } = fixture(protocol, name);
  return annotateMessages(protocol, bytes, direction);
};

test("a refusal is its errno, the request, and what the kernel says about it", () => {
  expect(annotated("route", "error-address-label-breaks-policy")).toBe(
    `
0000  a4 00 00 00 02 00 00 02  error, 164 bytes, ackAttributes, sequence 1795320947, port 22030
0008  73 6c 02 6b 0e 56 00 00
0010  de ff ff ff              ERANGE
0014  4c 00 00 00 14 00 05 06  newaddr, 76 bytes, request ack exclusive create, sequence 1795320947, port 0
001c  73 6c 02 6b 00 00 00 00
0024  02                       family inet
0025  18                       prefixlen 24
0026  00                       headerFlags none
0027  00                       scope universe
0028  03 00 00 00              index 3
002c  08 00 02 00              local attribute 2, 4 bytes
0030  0a 01 02 03              local 10.1.2.3
0034  22 00 03 00              label attribute 3, 30 bytes
0038  76 30 3a 6c 6f 6e 67 65  label "v0:longer-than-a-label-may-be"
0040  72 2d 74 68 61 6e 2d 61
0048  2d 6c 61 62 65 6c 2d 6d
0050  61 79 2d 62 65 00
0056  00 00                    padding
0058  08 00 01 00              address attribute 1, 4 bytes
005c  0a 01 02 03              address 10.1.2.3
0060  27 00 01 00              message attribute 1, 35 bytes
0064  41 74 74 72 69 62 75 74  message "Attribute failed policy validation"
006c  65 20 66 61 69 6c 65 64
0074  20 70 6f 6c 69 63 79 20
007c  76 61 6c 69 64 61 74 69
0084  6f 6e 00
0087  00                       padding
0088  08 00 02 00              offset attribute 2, 4 bytes
008c  20 00 00 00              offset 32
0090  14 00 04 80              policy attribute 4, 16 bytes
0094  08 00 07 00                maxLength attribute 7, 4 bytes
0098  0f 00 00 00                maxLength 15
009c  08 00 01 00                type attribute 1, 4 bytes
00a0  0b 00 00 00                type string`.slice(1),
  );
});

test("a batch is message after message", () => {
  const heads = annotated("netfilter", "firewall-error-rule-not-found-batch")
    .split("\n")
    .filter((line) => line.includes("sequence"));
  expect(heads).toEqual([
    "0000  14 00 00 00 10 00 01 00  batch begin, 20 bytes, request, sequence 0, port 0",
    "0014  30 00 00 00 08 0a 01 00  delrule, 48 bytes, request, sequence 1, port 0",
    "0044  14 00 00 00 11 00 01 00  batch end, 20 bytes, request, sequence 2, port 0",
  ]);
});

test("an ack in which the request was left out has its header", () => {
  expect(annotated("route", "error-capped")).toBe(
    `
0000  24 00 00 00 02 00 00 01  error, 36 bytes, capped, sequence 1795320946, port 22199
0008  72 6c 02 6b b7 56 00 00
0010  a1 ff ff ff              EOPNOTSUPP
0014  1c 00 00 00 4e 00 05 00  type 78, 28 bytes, request ack, sequence 1795320946, port 0
001c  72 6c 02 6b 00 00 00 00`.slice(1),
  );
});

test("the end of a list is its errno", () => {
  const { sequence, port } = { sequence: "fd 6b 02 6b", port: "59 33 00 00" };
  expect(
    annotateMessages("route", hex(`14000000 0300 0200 ${sequence} ${port} 00000000`), "fromKernel"),
  ).toBe(
    `
0000  14 00 00 00 03 00 02 00  done, 20 bytes, multi, sequence 1795320829, port 13145
0008  fd 6b 02 6b 59 33 00 00
0010  00 00 00 00              no error`.slice(1),
  );
});

describe("the words of flags depend on what is asked", () => {
  const flagsOf = (type: string, flags: string): string | undefined =>
    /bytes, (.*), sequence/.exec(
      annotateMessages("route", hex(`10000000 ${type} ${flags} 01000000 00000000`), "toKernel"),
    )?.[1];

  test.each([
    ["RTM_GETLINK", "1200", "0103", "request dump"],
    ["RTM_NEWLINK", "1000", "050e", "request ack exclusive create append"],
    ["RTM_NEWLINK", "1000", "0105", "request replace create"],
    ["RTM_DELROUTE", "1900", "0501", "request ack nonRecursive"],
    ["NLMSG_DONE", "0300", "1200", "multi dumpInterrupted"],
    ["NLMSG_ERROR", "0200", "0003", "capped ackAttributes"],
    ["RTM_NEWLINK", "1000", "00f0", "0xf000"],
    ["RTM_NEWLINK", "1000", "0000", "no flags"],
  ])("%s %s %s: %s", (_, type, flags, words) => {
    expect(flagsOf(type, flags)).toBe(words);
  });
});

test("a body of an unknown type, and what is torn, is shown as it is", () => {
  expect(
    annotateMessages("generic", hex("14000000 1000 0500 01000000 00000000 03010000  ffff"), "toKernel"),
  ).toBe(
    `
0000  14 00 00 00 10 00 05 00  type 16, 20 bytes, request ack, sequence 1, port 0
0008  01 00 00 00 00 00 00 00
0010  03 01 00 00 ff ff        not read`.slice(1),
  );
});

test("a transcript is annotated with what was sent, received, and what failed", () => {
  const transcript = `
protocol: route
byte-order: little
port: 4711
> 14000000 12000103 01000000 00000000 11000000
< from:99 10000000 01000000 00000000 00000000
< truncated 10000000 03000200 01000000 67120000
! receive ETIMEDOUT receive from route netlink within 5000 ms`;
  expect(annotateTranscript(transcript)).toBe(
    `
> sent
0000  14 00 00 00 12 00 01 03  getlink, 20 bytes, request dump, sequence 1, port 0
0008  01 00 00 00 00 00 00 00
0010  11                       family packet
0011  00                       pad
0012  00 00                    type netrom
0014                           cannot be read: index: needs 4 bytes, 0 left (byte 20)

< received from port 99
0000  10 00 00 00 01 00 00 00  noop, 16 bytes, no flags, sequence 0, port 0
0008  00 00 00 00 00 00 00 00

< received
0000  10 00 00 00 03 00 02 00  done, 16 bytes, multi, sequence 1, port 4711
0008  01 00 00 00 67 12 00 00
the rest of it did not fit the buffer

! receive from route netlink within 5000 ms: ETIMEDOUT`.slice(1),
  );
});
