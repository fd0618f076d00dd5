/** Requests and what comes back: acks, answers, errors, and messages that are none of ours. */
import { describe, expect, test } from "bun:test";
import { KernelError, ProtocolError, SystemError } from "../../netlink/errors.ts";
import { Client } from "../../netlink/message/client.ts";
import type { Message } from "../../netlink/message/header.ts";
import { faulty } from "../../netlink/socket/fault.ts";
import { pretending } from "../../netlink/socket/pretend.ts";
import type { Transport } from "../../netlink/socket/transport.ts";
import {
  ack,
  done,
  getThing,
  messageOf,
  PORT,
  part,
  requestsIn,
  setThing,
  thing,
  together,
} from "./replies.ts";

/** A kernel that gives `answers` of each datagram's requests. */
const kernel = (answers: (requests: Message[]) => Uint8Array[]): Transport =>
  pretending((datagram) => answers(requestsIn(datagram)), PORT);

const clientOf = (answers: (requests: Message[]) => Uint8Array[]): Client => new Client(kernel(answers));

const EEXIST = 17;
const ENOENT = 2;
const EPERM = 1;

describe("a change", () => {
  test("is done when the kernel acknowledges it", () => {
    const seen: Message[] = [];
    clientOf((requests) => {
      seen.push(...requests);
      return requests.map((request) => ack(request));
    }).do(setThing(7));
    expect(seen).toMatchObject([{ type: 102, flags: 0x5, sequence: 1, port: PORT }]);
  });

  test("is refused with the error's name and the operation", () => {
    const client = clientOf(([request]) => [ack(request!, EEXIST)]);
    expect(() => client.do(setThing(7))).toThrow(new KernelError("thing.set 7", "EEXIST"));
  });

  test("that is never answered fails with ETIMEDOUT, and says what was asked", () => {
    const client = clientOf(() => []);
    expect(() => client.do(setThing(7))).toThrow(
      new SystemError("thing.set 7: receive from a pretended kernel", "ETIMEDOUT"),
    );
  });

  test("that cannot be sent fails with the reason", () => {
    const client = new Client(
      faulty(
        kernel(() => []),
        { send: { 1: "EPERM" } },
      ),
    );
    expect(() => client.do(setThing(7))).toThrow(
      new SystemError("thing.set 7: send (a planned fault)", "EPERM"),
    );
  });

  test("is numbered after the one before, also when that could not be sent", () => {
    const sequences: number[] = [];
    const transport = kernel(([request]) => {
      sequences.push(request!.sequence);
      return [ack(request!)];
    });
    const client = new Client(faulty(transport, { send: { 2: "ENOBUFS" } }));
    client.do(setThing(1));
    expect(() => client.do(setThing(2))).toThrow(SystemError);
    client.do(setThing(3));
    expect(sequences).toEqual([1, 3]);
  });
});

describe("several changes in one datagram", () => {
  const three = [setThing(1), setThing(2), setThing(3)];
  const refusedSecond = [undefined, new KernelError("thing.set 2", "EEXIST"), undefined];

  test("are sent at once, each with a number of its own", () => {
    const datagrams: number[][] = [];
    clientOf((requests) => {
      datagrams.push(requests.map(({ sequence }) => sequence));
      return requests.map((request) => ack(request));
    }).attempt(three);
    expect(datagrams).toEqual([[1, 2, 3]]);
  });

  test("are answered each for itself", () => {
    const client = clientOf(([a, b, c]) => [ack(a!), ack(b!, EEXIST), ack(c!)]);
    expect(client.attempt(three)).toEqual(refusedSecond);
  });

  test("may be answered in one datagram, and in any order", () => {
    const client = clientOf(([a, b, c]) => [together(ack(c!), ack(b!, EEXIST), ack(a!))]);
    expect(client.attempt(three)).toEqual(refusedSecond);
  });

  test("are all waited for, when one answer comes twice", () => {
    const client = clientOf(([a, b, c]) => [ack(a!), ack(a!), ack(a!), ack(b!, EEXIST), ack(c!)]);
    expect(client.attempt(three)).toEqual(refusedSecond);
  });

  test("may be none: nothing is sent", () => {
    const client = clientOf(() => {
      throw new Error("something was sent");
    });
    expect(client.attempt([])).toEqual([]);
    expect(client.transact([])).toBeUndefined();
  });

  test("are sent in several when they are many, since the answers have to fit the receive buffer", () => {
    const datagrams: number[] = [];
    const client = clientOf((requests) => {
      datagrams.push(requests.length);
      return requests.map((request) => ack(request, request.sequence === 100 ? EEXIST : 0));
    });
    const refusals = client.attempt(Array.from({ length: 130 }, (_, index) => setThing(index + 1)));
    expect(datagrams).toEqual([64, 64, 2]);
    expect(refusals).toHaveLength(130);
    expect(refusals[99]).toEqual(new KernelError("thing.set 100", "EEXIST"));
    expect(refusals.filter((refusal) => refusal !== undefined)).toHaveLength(1);
  });

  test("go on counting behind 2^32 - 1", () => {
    const sequences: number[] = [];
    const transport = kernel((requests) => {
      sequences.push(...requests.map(({ sequence }) => sequence));
      return requests.map((request, index) => ack(request, index === 1 ? EEXIST : 0));
    });
    const client = new Client(transport, 0xffff_fffe);
    expect(client.attempt(three)).toEqual(refusedSecond);
    client.do(setThing(4));
    expect(sequences).toEqual([0xffff_fffe, 0xffff_ffff, 0, 1]);
  });
});

describe("a message that is none of ours", () => {
  test.each([
    [
      "for another port",
      (request: Message) => messageOf({ sequence: request.sequence, port: 99 }, 2, 0, EINVAL_ACK),
    ],
    [
      "for an earlier request",
      (request: Message) => ack({ ...request, sequence: request.sequence - 1 }, EPERM),
    ],
    ["for a request that was never made", (request: Message) => ack({ ...request, sequence: 999 }, EPERM)],
    [
      "without a number, as those to a group are",
      (request: Message) => ack({ ...request, sequence: 0 }, EPERM),
    ],
    ["of type NLMSG_NOOP", ({ sequence }: Message) => messageOf({ sequence }, 1, 0, new Uint8Array())],
  ])("%s is left out", (_, foreign) => {
    clientOf(([request]) => [foreign(request!), ack(request!)]).do(setThing(7));
    clientOf(([request]) => [together(foreign(request!), ack(request!))]).do(setThing(7));
  });

  test("from another process is left out", () => {
    const client = new Client(
      faulty(
        kernel(([request]) => [ack(request!)]),
        { receive: { 1: "foreign" } },
      ),
    );
    client.do(setThing(7));
  });

  test("is left out even when it is torn or truncated", () => {
    const late = (request: Message) => thing({ ...request, sequence: request.sequence - 1 }, 5);
    const torn = clientOf(([request]) => [together(late(request!), new Uint8Array(3)), ack(request!)]);
    torn.do(setThing(7));
    const truncated = faulty(
      kernel(([request]) => [together(late(request!), late(request!)), ack(request!)]),
      { receive: { 1: "truncated" } },
    );
    new Client(truncated).do(setThing(7));
  });

  test("of a request that was given up does not answer the next one", () => {
    let late: Uint8Array[] = [];
    const transport = kernel(([request]) => {
      const answers = late;
      late = [ack(request!, EEXIST)];
      return request!.sequence === 1 ? [] : [...answers, ack(request!)];
    });
    const client = new Client(transport);
    expect(() => client.do(setThing(1))).toThrow(SystemError);
    client.do(setThing(2));
    client.do(setThing(3));
  });
});

const EINVAL_ACK = Uint8Array.of(0xea, 0xff, 0xff, 0xff);

describe("an answer that cannot be trusted", () => {
  const refusal = (code: string) =>
    expect.objectContaining({ name: "ProtocolError", code }) as unknown as Error;

  test("because it is longer than the buffer is EMSGSIZE", () => {
    const transport = faulty(
      kernel(([request]) => [thing(request!, 5)]),
      { receive: { 1: "truncated" } },
    );
    expect(() => new Client(transport).get(getThing(5))).toThrow(refusal("EMSGSIZE"));
  });

  test("because it ends inside a message is EPROTO", () => {
    const client = clientOf(([request]) => [thing(request!, 5).slice(0, -1)]);
    expect(() => client.get(getThing(5))).toThrow(refusal("EPROTO"));
  });

  test("because it ends inside a second message is one when the first was what we waited for", () => {
    const client = clientOf(([request]) => [together(thing(request!, 5), new Uint8Array(2))]);
    expect(client.get(getThing(5))).toEqual({ id: 5 });
  });

  test("because messages were lost is ENOBUFS", () => {
    const client = clientOf(([{ sequence } = never()]) => [messageOf({ sequence }, 4, 0, new Uint8Array())]);
    expect(() => client.get(getThing(5))).toThrow(new SystemError("thing.get 5", "ENOBUFS"));
  });

  test("because the body is too short names the member", () => {
    const client = clientOf(([{ sequence } = never()]) => [
      messageOf({ sequence }, 100, 0, new Uint8Array(2)),
    ]);
    expect(() => client.get(getThing(5))).toThrow("id: needs 4 bytes, 2 left (byte 0)");
  });

  test("because an ack has no errno is no ack", () => {
    const client = clientOf(([{ sequence } = never()]) => [messageOf({ sequence }, 2, 0, new Uint8Array(3))]);
    expect(() => client.do(setThing(5))).toThrow("needs 4 bytes, 3 left (byte 0)");
  });
});

function never(): never {
  throw new Error("there is a request");
}

describe("one thing", () => {
  test("is given when it is there", () => {
    expect(clientOf(([request]) => [thing(request!, 5)]).get(getThing(5))).toEqual({ id: 5 });
  });

  test("is given when it comes as a list of one", () => {
    const client = clientOf(([request]) => [part(request!, 5), done(request!)]);
    expect(client.get(getThing(5))).toEqual({ id: 5 });
  });

  test("is given when an ack was asked for as well, which is waited for", () => {
    const client = clientOf(([request]) => [thing(request!, request!.sequence), ack(request!)]);
    const asking = { ...getThing(5), flags: 4 };
    expect([client.get(asking), client.get(asking)]).toEqual([{ id: 1 }, { id: 2 }]);
  });

  test("is EPROTO when the kernel acknowledges and gives nothing", () => {
    const client = clientOf(([request]) => [ack(request!)]);
    expect(() => client.get(getThing(5))).toThrow(
      new ProtocolError("thing.get 5", "EPROTO", "the kernel's answer is empty"),
    );
  });

  test("is an error to get and undefined to find when there is none", () => {
    for (const [errno, code] of [
      [ENOENT, "ENOENT"],
      [19, "ENODEV"],
    ] as const) {
      const client = clientOf(([request]) => [ack(request!, errno)]);
      expect(() => client.get(getThing(5))).toThrow(new KernelError("thing.get 5", code));
      expect(client.find(getThing(5))).toBeUndefined();
    }
  });

  test("is an error to find when that is for another reason", () => {
    const refusing = clientOf(([request]) => [ack(request!, EPERM)]);
    expect(() => refusing.find(getThing(5))).toThrow(new KernelError("thing.get 5", "EPERM"));
    const broken = new Client(
      faulty(
        kernel(() => []),
        { receive: { 1: "ENOENT" } },
      ),
    );
    expect(() => broken.find(getThing(5))).toThrow(SystemError);
  });

  test("can be asked for after an error", () => {
    const client = clientOf(([request]) =>
      request!.sequence === 1 ? [ack(request!, EPERM)] : [thing(request!, request!.sequence)],
    );
    expect(() => client.get(getThing(1))).toThrow(KernelError);
    expect(client.get(getThing(2))).toEqual({ id: 2 });
  });

  test("can be asked for after an answer that could not be read", () => {
    const client = clientOf(([request]) =>
      request!.sequence === 1
        ? [messageOf(request!, 100, 2, new Uint8Array(2)), part(request!, 8), done(request!)]
        : [thing(request!, request!.sequence)],
    );
    expect(() => client.get(getThing(1))).toThrow("id: needs 4 bytes");
    expect(client.get(getThing(2))).toEqual({ id: 2 });
  });
});

test("a client closes its transport at the end of its scope", () => {
  const closed: string[] = [];
  const transport = { ...kernel(() => []), close: () => void closed.push("closed") };
  {
    using _client = new Client(transport);
  }
  expect(closed).toEqual(["closed"]);
});
