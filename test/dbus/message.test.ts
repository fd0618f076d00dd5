/** Messages of D-Bus, against what dbus-send 1.14 and dbus-daemon wrote to each other. */
import { describe, expect, test } from "bun:test";
import { systemBusPath } from "../../src/dbus/bus.ts";
import { callMessage, lengthOf, readAnswer } from "../../src/dbus/message.ts";

const bytes = (hex: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(hex.match(/[0-9a-f]{2}/g) ?? [], (pair) => Number.parseInt(pair, 16));

/** `dbus-send --system --dest=org.fedoraproject.FirewallD1 … zone.addSource string:trusted string:10.1.2.3/32` */
const ADD_SOURCE = bytes(`
  6c010001 1c000000 02000000 a0000000
  01016f00 1d000000 2f6f72672f6665646f726170726f6a6563742f4669726577616c6c443100 0000
  02017300 21000000 6f72672e6665646f726170726f6a6563742e4669726577616c6c44312e7a6f6e6500 000000000000
  03017300 09000000 616464536f7572636500 000000000000
  06017300 1c000000 6f72672e6665646f726170726f6a6563742e4669726577616c6c443100 000000
  08016700 027373 00
  07000000 7472757374656400 0b000000 31302e312e322e332f333200`);

/** What firewalld answered. */
const TRUSTED = bytes(`
  6c020101 0c000000 2b010000 2d000000
  06017300 04000000 3a312e3400 000000 05017500 02000000 08016700 017300 00
  07017300 04000000 3a312e3200 000000
  07000000 7472757374656400`);

/** What the bus answered to Hello, and the signal behind it, in one piece. */
const HELLO = bytes(`
  6c020101 09000000 01000000 3d000000
  06017300 04000000 3a312e3400 000000 05017500 01000000 08016700 017300 00
  07017300 14000000 6f72672e667265656465736b746f702e4442757300 000000
  04000000 3a312e3400
  6c040101 09000000 02000000 8d000000`);

const method = {
  destination: "org.fedoraproject.FirewallD1",
  path: "/org/fedoraproject/FirewallD1",
  interface: "org.fedoraproject.FirewallD1.zone",
  member: "addSource",
};

test("a call is byte for byte that of dbus-send, but that nobody is started for it", () => {
  const NO_AUTO_START = 2;
  const theirs = ADD_SOURCE.with(2, NO_AUTO_START);
  expect(callMessage(2, method, ["trusted", "10.1.2.3/32"])).toEqual(theirs);
});

describe("an answer", () => {
  test("has a text", () => {
    expect(lengthOf(TRUSTED)).toBe(TRUSTED.length);
    const answer = { type: "return", replySerial: 2, errorName: undefined, value: "trusted" } as const;
    expect(readAnswer(TRUSTED)).toEqual(answer);
  });

  test("ends where the next message begins", () => {
    const length = lengthOf(HELLO)!;
    expect(HELLO[length]).toBe(0x6c);
    expect(readAnswer(HELLO.subarray(0, length))).toMatchObject({ replySerial: 1, value: ":1.4" });
  });

  test("may be in the other order of bytes", () => {
    const big = bytes(`
      42020101 00000004 00000001 0000000f
      05017500 00000007 08016700 016200 00
      00000001`);
    expect(readAnswer(big)).toMatchObject({ type: "return", replySerial: 7, value: true });
  });

  test("that is cut off, too long or of another version is refused", () => {
    expect(() => readAnswer(TRUSTED.subarray(0, TRUSTED.length - 4))).toThrow("it ends too early");
    expect(lengthOf(TRUSTED.subarray(0, 15))).toBeUndefined();
    expect(() => lengthOf(TRUSTED.with(3, 9))).toThrow("version 9 is not known");
    expect(() => lengthOf(TRUSTED.with(7, 0x7f))).toThrow("bytes");
  });

  test("with any byte changed is read or refused, and nothing else", () => {
    for (let index = 0; index < TRUSTED.length; index++) {
      for (const value of [0, 1, 0x42, 0x7f, 0xff]) {
        const changed = TRUSTED.with(index, value);
        try {
          lengthOf(changed);
          readAnswer(changed);
        } catch (error) {
          expect((error as Error).name).toBe("ProtocolError");
        }
      }
    }
  });
});

test("the environment can name another bus", () => {
  expect(systemBusPath()).toBe("/run/dbus/system_bus_socket");
  expect(systemBusPath("unix:path=/tmp/bus")).toBe("/tmp/bus");
  expect(systemBusPath("tcp:host=a;unix:guid=0f,path=/tmp/bus;unix:path=/b")).toBe("/tmp/bus");
});
