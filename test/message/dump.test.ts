/** Lists: their parts, their end, and what is done about those that went wrong on the way. */
import { describe, expect, test } from "bun:test";
import { u64 } from "../../netlink/codec/index.ts";
import { KernelError, ProtocolError, SystemError } from "../../netlink/errors.ts";
import { Client } from "../../netlink/message/client.ts";
import type { Message } from "../../netlink/message/header.ts";
import { openRoute } from "../../netlink/route/index.ts";
import { addRoute, listRoutes } from "../../netlink/route/routes.ts";
import { type FaultPlan, faulty } from "../../netlink/socket/fault.ts";
import { createNamespace } from "../../netlink/socket/namespace.ts";
import { pretending } from "../../netlink/socket/pretend.ts";
import { needs } from "../needs.ts";
import {
  ack,
  done,
  getThing,
  listThings,
  messageOf,
  PORT,
  part,
  requestsIn,
  thing,
  together,
} from "./replies.ts";

const INTERRUPTED = 0x10;
const EINTR = 4;
const EBUSY = 16;
const EPERM = 1;

/** A client of a kernel that gives `answers` of each request, and the number of requests that it got. */
function clientOf(
  answers: (request: Message, count: number) => Uint8Array[],
  receive: FaultPlan["receive"] = {},
) {
  const asked = { times: 0 };
  const kernel = pretending((datagram) => answers(requestsIn(datagram)[0]!, ++asked.times), PORT);
  return { client: new Client(faulty(kernel, { receive })), asked };
}

const two = (request: Message): Uint8Array[] => [part(request, 5), together(part(request, 6), done(request))];
const both = [{ id: 5 }, { id: 6 }];

describe("a list", () => {
  test("is what comes in parts up to the end", () => {
    const { client, asked } = clientOf(two);
    expect(client.list(listThings())).toEqual(both);
    expect(asked.times).toBe(1);
  });

  test("may be empty, and its end without an errno", () => {
    expect(clientOf((request) => [done(request)]).client.list(listThings())).toEqual([]);
    const { client } = clientOf(({ sequence }) => [messageOf({ sequence }, 3, 2, new Uint8Array())]);
    expect(client.list(listThings())).toEqual([]);
  });

  test("may be refused at once", () => {
    const { client, asked } = clientOf((request) => [ack(request, EPERM)]);
    expect(() => client.list(listThings())).toThrow(new KernelError("thing.list", "EPERM"));
    expect(asked.times).toBe(1);
  });

  test("may end in an error", () => {
    const { client } = clientOf((request) => [part(request, 5), done(request, EPERM)]);
    expect(() => client.list(listThings())).toThrow(new KernelError("thing.list", "EPERM"));
  });

  test("does not hold what belongs to an earlier one", () => {
    const { client } = clientOf((request) => [
      part({ ...request, sequence: request.sequence - 1 }, 99),
      done({ ...request, sequence: request.sequence - 1 }),
      ...two(request),
    ]);
    expect(client.list(listThings())).toEqual(both);
  });
});

describe("a list that changed while it was read", () => {
  test.each([
    ["a part says so", (request: Message) => [part(request, 5, INTERRUPTED), done(request)]],
    ["its end says so", (request: Message) => [part(request, 5), done(request, 0, INTERRUPTED)]],
    ["it ends with EINTR", (request: Message) => [part(request, 5), done(request, EINTR)]],
  ])("is read again when %s", (_, interrupted) => {
    const { client, asked } = clientOf((request, count) => (count < 3 ? interrupted(request) : two(request)));
    expect(client.list(listThings())).toEqual(both);
    expect(asked.times).toBe(3);
  });

  test("again and again is an error after six tries", () => {
    const { client, asked } = clientOf((request) => [part(request, 5, INTERRUPTED), done(request)]);
    const said = "what is listed changed during each of 6 tries: try again when less is going on";
    expect(() => client.list(listThings())).toThrow(new ProtocolError("thing.list", "EINTR", said));
    expect(asked.times).toBe(6);
  });
});

describe("a list of which a part was lost", () => {
  test.each([
    ["was dropped by the kernel", "ENOBUFS"],
    ["did not fit the buffer", "truncated"],
  ] as const)("is read again when it %s", (_, fault) => {
    const { client, asked } = clientOf(two, { 2: fault });
    expect(client.list(listThings())).toEqual(both);
    expect(asked.times).toBe(2);
  });

  test("is read again when the kernel says NLMSG_OVERRUN", () => {
    const { client } = clientOf((request, count) =>
      count === 1 ? [part(request, 5), messageOf(request, 4, 0, new Uint8Array())] : two(request),
    );
    expect(client.list(listThings())).toEqual(both);
  });

  test("each time is an error that says what happened to it", () => {
    const overrun = clientOf((request) => [messageOf(request, 4, 0, new Uint8Array())]);
    expect(() => overrun.client.list(listThings())).toThrow(new SystemError("thing.list", "ENOBUFS"));
    expect(overrun.asked.times).toBe(6);
    const everTruncated = Object.fromEntries(
      Array.from({ length: 20 }, (_, step) => [step + 1, "truncated" as const]),
    );
    const truncated = clientOf((request) => [part(request, 5)], everTruncated);
    expect(() => truncated.client.list(listThings())).toThrow(
      expect.objectContaining({ name: "ProtocolError", code: "EMSGSIZE" }) as unknown as Error,
    );
  });

  test("for want of an answer is not read again", () => {
    const { client, asked } = clientOf((request) => [part(request, 5)]);
    expect(() => client.list(listThings())).toThrow(
      new SystemError("thing.list: receive from a pretended kernel", "ETIMEDOUT"),
    );
    expect(asked.times).toBe(1);
  });
});

describe("a list that was given up in the middle", () => {
  /** A kernel that is busy with the first list until its end was read, as af_netlink.c is (cb_running). */
  const busy = (request: Message, count: number): Uint8Array[] => {
    const first = { ...request, sequence: 1 };
    if (count === 1) return [messageOf(first, 100, 2, new Uint8Array(1))];
    if (count === 2) return [part(first, 6), ack(request, EBUSY), together(part(first, 7), done(first))];
    return two(request);
  };

  test("is read to its end before another one is begun", () => {
    const { client, asked } = clientOf(busy);
    expect(() => client.list(listThings())).toThrow("id: needs 4 bytes, 1 left (byte 0)");
    expect(client.list(listThings())).toEqual(both);
    expect(asked.times).toBe(3);
  });

  test("is left out of the answer to another request", () => {
    const { client } = clientOf((request, count) =>
      count === 1 ? busy(request, 1) : [part({ ...request, sequence: 1 }, 6), thing(request, 8)],
    );
    expect(() => client.list(listThings())).toThrow("id: needs 4 bytes");
    expect(client.get(getThing(8))).toEqual({ id: 8 });
  });

  test("by nobody is no reason to wait when the kernel is busy", () => {
    const { client, asked } = clientOf((request) => [ack(request, EBUSY)]);
    expect(() => client.list(listThings())).toThrow(new KernelError("thing.list", "EBUSY"));
    expect(asked.times).toBe(1);
  });
});

needs("namespaces").test("the kernel lists again after a list that was given up in the middle", () => {
  using namespace = createNamespace();
  using route = openRoute({ namespace });
  // More than the kernel sends in one datagram, and more changes than it could acknowledge at once.
  const routes = Array.from({ length: 2000 }, (_, number) =>
    addRoute({ type: "blackhole", dst: `10.0.${number >> 8}.${number & 255}` }),
  );
  expect(route.client.attempt(routes).filter((refusal) => refusal !== undefined)).toEqual([]);

  const unreadable = { ...listRoutes(), reply: u64 };
  expect(() => route.client.list(unreadable)).toThrow("left over");
  expect(route.route.list()).toHaveLength(2000);
  expect(() => route.client.list(unreadable)).toThrow("left over");
  expect(route.link.list()).toHaveLength(1);
});
