/** Each fault, on a pretended kernel that answers every request with two datagrams. */
import { describe, expect, test } from "bun:test";
import { SystemError } from "../../netlink/errors.ts";
import { type FaultPlan, faulty } from "../../netlink/socket/fault.ts";
import { pretending } from "../../netlink/socket/pretend.ts";
import { hex, linkDump } from "./messages.ts";

const first = hex("14000000 10000200 01000000 01000000 aaaaaaaa");
const second = hex("14000000 10000200 01000000 01000000 bbbbbbbb  10000000 03000200 01000000 01000000");

/** What arrives for one request when things go wrong as planned, until the kernel is silent. */
function arriving(receive: NonNullable<FaultPlan["receive"]>) {
  const transport = faulty(
    pretending(() => [first, second]),
    { receive },
  );
  transport.send(linkDump);
  const arrived = [];
  for (;;) {
    try {
      arrived.push(transport.receive());
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      if (error.code === "ETIMEDOUT") return arrived;
      arrived.push(error.code);
    }
  }
}

const whole = (bytes: Uint8Array) => ({ bytes, port: 0, truncated: false });

describe("a transport on which goes wrong", () => {
  test("nothing is like the one below it", () => {
    expect(arriving({})).toEqual([whole(first), whole(second)]);
  });

  test("that a reply is dropped gives the next one", () => {
    expect(arriving({ 1: "dropped" })).toEqual([whole(second)]);
  });

  test("that a reply is truncated gives its first half, and says so", () => {
    const half = { bytes: first.slice(0, 10), port: 0, truncated: true };
    expect(arriving({ 1: "truncated" })).toEqual([half, whole(second)]);
  });

  test("that a reply is duplicated gives it twice", () => {
    expect(arriving({ 1: "duplicated" })).toEqual([whole(first), whole(first), whole(second)]);
  });

  test("that an old reply is late gives it before the next one", () => {
    expect(arriving({ 2: "late" })).toEqual([whole(first), whole(first), whole(second)]);
    expect(() => arriving({ 1: "late" })).toThrow(RangeError);
  });

  test("that a stranger writes gives the same from another port first", () => {
    const [strange, ...rest] = arriving({ 1: "foreign" });
    expect(strange).toEqual({ bytes: first, port: expect.any(Number), truncated: false });
    expect(strange).not.toEqual(whole(first));
    expect(rest).toEqual([whole(first), whole(second)]);
  });

  test("that a dump is interrupted sets the flag in each header", () => {
    const flagged = hex("14000000 10001200 01000000 01000000 bbbbbbbb  10000000 03001200 01000000 01000000");
    expect(arriving({ 2: "interrupted" })).toEqual([whole(first), whole(flagged)]);
  });

  test("that receiving fails throws once, and loses nothing", () => {
    expect(arriving({ 2: "ENOBUFS" })).toEqual([whole(first), "ENOBUFS", whole(second)]);
  });

  test("that sending fails throws at that step alone, and the kernel hears nothing", () => {
    const heard: Uint8Array[] = [];
    const kernel = pretending((request) => {
      heard.push(request);
      return [];
    });
    const transport = faulty(kernel, { send: { 2: "EPERM" } });
    transport.send(first);
    expect(() => transport.send(linkDump)).toThrow(new SystemError("send (a planned fault)", "EPERM"));
    transport.send(second);
    expect(heard).toEqual([first, second]);
  });
});
