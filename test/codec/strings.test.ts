/** Payloads that are as long as their attribute: text, bytes, addresses. */
import { describe, expect, test } from "bun:test";
import {
  address,
  bytes,
  cstring,
  decode,
  encode,
  fixedBytes,
  mac,
  struct,
  text,
  u8,
} from "../../netlink/codec/index.ts";
import { DecodeError, EncodeError } from "../../netlink/errors.ts";
import { hex } from "../bytes.ts";
import { expectBothWays } from "./both-ways.ts";

describe("cstring", () => {
  test("ends with a NUL", () => {
    expectBothWays(cstring, "eth0", "65 74 68 30 00");
    expectBothWays(cstring, "", "00");
  });

  test("is what stands before the first NUL", () => {
    expect(decode(cstring, hex("65 74 68 30 00 00 41 42"))).toBe("eth0");
  });

  test("may come without its NUL", () => {
    expect(decode(cstring, hex("65 74 68 30"))).toBe("eth0");
    expect(decode(cstring, hex(""))).toBe("");
  });

  test("is UTF-8, a byte order mark included", () => {
    expectBothWays(cstring, "é", "c3 a9 00");
    expectBothWays(cstring, "\u{feff}a😀", "ef bb bf 61 f0 9f 98 80 00");
  });

  test("reads bytes that are no UTF-8 as replacement characters", () => {
    expect(decode(cstring, hex("61 ff 62 00"))).toBe("a\u{fffd}b");
  });

  test("refuses a NUL inside, which would end it early and name something else", () => {
    expect(() => encode(cstring, "eth0\0evil")).toThrow(new EncodeError("text with a NUL character"));
  });

  test("reads no further than its attribute, NUL or not", () => {
    const Names = struct({ first: fixedBytes(1), name: cstring });
    expect(decode(Names, hex("01 c3 a9")).name).toBe("é");
  });
});

describe("text", () => {
  test("has no NUL", () => {
    expectBothWays(text, "veth", "76 65 74 68");
    expectBothWays(text, "", "");
  });

  test("leaves one out that is there, as older kernels send it", () => {
    expect(decode(text, hex("76 65 74 68 00"))).toBe("veth");
  });

  test("refuses a NUL inside", () => {
    expect(() => encode(text, "a\0b")).toThrow(EncodeError);
  });
});

describe("bytes", () => {
  test("are as they are, up to the end", () => {
    expectBothWays(bytes, hex("00 01 ff"), "00 01 ff");
    expectBothWays(bytes, hex(""), "");
  });

  test("are a copy", () => {
    const received = hex("01 02");
    const read = decode(bytes, received);
    received[0] = 9;
    expect(read).toEqual(hex("01 02"));
  });

  test("of fixed number are refused when there are more or fewer", () => {
    expectBothWays(fixedBytes(3), hex("01 02 03"), "01 02 03");
    for (const wrong of ["01 02", "01 02 03 04"])
      expect(() => encode(fixedBytes(3), hex(wrong))).toThrow(/^needs 3 bytes, has [24]$/);
    expect(() => decode(fixedBytes(3), hex("01 02"))).toThrow("needs 3 bytes, 2 left (byte 0)");
    expect(() => decode(fixedBytes(3), hex("01 02 03 04"))).toThrow("1 byte left over (byte 3)");
  });
});

describe("mac", () => {
  test("is pairs of digits with colons, as many as there are bytes", () => {
    expectBothWays(mac, "02:42:ac:11:00:02", "02 42 ac 11 00 02");
    expectBothWays(mac, "0a:00:00:01", "0a 00 00 01");
  });

  test("is empty for a link that has none", () => {
    expectBothWays(mac, "", "");
  });

  test("is refused when it is anything else", () => {
    expect(() => encode(mac, "router")).toThrow(
      new EncodeError('"router" is not a link-layer address such as 02:42:ac:11:00:02'),
    );
  });
});

describe("address", () => {
  test("is of the family that its length says", () => {
    expectBothWays(address, "10.87.1.2", "0a 57 01 02");
    expectBothWays(address, "fd00::1", "fd000000 00000000 00000000 00000001");
  });

  test("keeps an IPv4-mapped address as IPv6", () => {
    expectBothWays(address, "::ffff:10.0.0.1", "00000000 00000000 0000ffff 0a000001");
  });

  test.each([0, 1, 3, 5, 15])("of %i bytes is none", (length) => {
    expect(() => decode(address, new Uint8Array(length))).toThrow(DecodeError);
  });

  test("of 17 bytes has one left over", () => {
    expect(() => decode(address, new Uint8Array(17))).toThrow("1 byte left over (byte 16)");
  });

  test("that cannot be read is refused with its name", () => {
    expect(() =>
      encode(struct({ width: u8, gateway: address }), { width: 1, gateway: "10.0.0.256" }),
    ).toThrow('gateway: "10.0.0.256" is not an IP address');
  });
});
