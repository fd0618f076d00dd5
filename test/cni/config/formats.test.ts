import { describe, expect, test } from "bun:test";
import { isIP } from "node:net";
import { formats } from "../../../src/cni/config/formats.ts";

const addresses = [
  "10.1.0.1",
  "0.0.0.0",
  "255.255.255.255",
  "256.1.1.1",
  "010.1.0.1",
  "1.2.3",
  "1.2.3.4.5",
  "1.2.3.4 ",
  "::",
  "::1",
  "fd00::10:1",
  "FD00::A",
  "1:2:3:4:5:6:7:8",
  "1:2:3:4:5:6:7:8:9",
  "1:2:3:4:5:6:7::",
  "::ffff:10.1.2.3",
  "1::2::3",
  ":::",
  "12345::",
  "",
  "localhost",
];

test.each(addresses)("%j is an address when the runtime's own parser says so", (text) => {
  expect(formats.address(text)).toBe(isIP(text) !== 0);
});

describe("a network", () => {
  test.each(["10.1.0.0/16", "0.0.0.0/0", "10.1.2.3/32", "fd00::/64", "::/0", "::1/128"])("is %j", (text) => {
    expect(formats.network(text)).toBe(true);
  });

  test.each([
    "10.1.0.0",
    "10.1.0.0/",
    "10.1.0.0/33",
    "10.1.0.0/-1",
    "10.1.0.0/a",
    "10.1.0.0/8/8",
    "fd00::/129",
    "/8",
  ])("is not %j", (text) => expect(formats.network(text)).toBe(false));
});

test.each([
  ["02:42:ac:11:00:02", true],
  ["02:42:AC:11:00:02", true],
  ["02:42:ac:11:00", false],
  ["02:42:ac:11:00:02:03", false],
  ["02-42-ac-11-00-02", false],
  ["02:42:ac:11:00:0g", false],
])("whether %j is a link-layer address of Ethernet: %p", (text, expected) => {
  expect(formats.mac(text)).toBe(expected);
});
