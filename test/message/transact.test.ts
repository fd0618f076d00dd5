/** Requests that stand or fall together: only some are acknowledged, any may be refused. */
import { describe, expect, test } from "bun:test";
import { KernelError, SystemError } from "../../netlink/errors.ts";
import { Client } from "../../netlink/message/client.ts";
import type { Message } from "../../netlink/message/header.ts";
import type { Request } from "../../netlink/message/request.ts";
import { pretending } from "../../netlink/socket/pretend.ts";
import { ack, PORT, requestsIn, setThing, thing, together } from "./replies.ts";

const ENOENT = 2;
const EEXIST = 17;
const ERESTART = 85;

const silent = (id: number): Request => ({ ...setThing(id), flags: 0 });
/** As a batch of nfnetlink: begin, two changes of which the last one asks for an ack, end. */
const batch = [silent(1), silent(2), setThing(3), silent(4)];

/** What `transact` makes of the answers: the error, and what it told of. */
function outcome(answers: (requests: Message[]) => Uint8Array[]): { error?: unknown; told: number[] } {
  const told: number[] = [];
  const client = new Client(pretending((datagram) => answers(requestsIn(datagram)), PORT));
  try {
    client.transact(batch, (message) => told.push(message.body[0]!));
    return { told };
  } catch (error) {
    return { error, told };
  }
}

test("all requests are sent in one datagram, and one ack is waited for", () => {
  const datagrams: number[][] = [];
  const { error } = outcome((requests) => {
    datagrams.push(requests.map(({ flags }) => flags));
    return [ack(requests[2]!)];
  });
  expect(error).toBeUndefined();
  expect(datagrams).toEqual([[1, 1, 5, 1]]);
});

test("several acks are all waited for", () => {
  const client = new Client(
    pretending((datagram) => requestsIn(datagram).map((request) => ack(request)), PORT),
  );
  client.transact([setThing(1), setThing(2), setThing(3)]);
  // Had one been left, it would come before the answer to this.
  expect(client.transport.receive).toThrow(SystemError);
});

describe("a refusal", () => {
  test("of a request that asked for no ack is thrown when the ack has come", () => {
    const { error } = outcome(([, second, third]) => [ack(second!, ENOENT), ack(third!)]);
    expect(error).toEqual(new KernelError("thing.set 2", "ENOENT"));
  });

  test("of the request that asked for the ack is its answer", () => {
    const { error } = outcome(([, , third]) => [ack(third!, EEXIST)]);
    expect(error).toEqual(new KernelError("thing.set 3", "EEXIST"));
  });

  test("that came first is the one that is thrown", () => {
    const { error } = outcome(([, second, third]) => [together(ack(second!, ENOENT), ack(third!, EEXIST))]);
    expect(error).toEqual(new KernelError("thing.set 2", "ENOENT"));
  });

  test("of the first request ends all of it, without an ack", () => {
    const { error } = outcome(([first]) => [ack(first!, ERESTART)]);
    expect(error).toEqual(new KernelError("thing.set 1", "ERESTART"));
  });

  test("without an ack of the others is waited for in vain", () => {
    const { error } = outcome(([, second]) => [ack(second!, ENOENT)]);
    expect(error).toBeInstanceOf(SystemError);
    expect(error).toMatchObject({
      code: "ETIMEDOUT",
      operation: "thing.set 1: receive from a pretended kernel",
    });
  });
});

test("what the kernel echoes is told as it comes", () => {
  const { error, told } = outcome(([, second, third]) => [
    together(thing(second!, 20), thing(third!, 30)),
    ack(third!),
  ]);
  expect([error, told]).toEqual([undefined, [20, 30]]);
});

test("a late answer to an earlier transaction is left out of the next", () => {
  let late: Uint8Array[] = [];
  const client = new Client(
    pretending((datagram) => {
      const requests = requestsIn(datagram);
      const answers = [...late, ack(requests[2]!)];
      late = [ack(requests[1]!, ENOENT)];
      return answers;
    }, PORT),
  );
  client.transact(batch);
  client.transact(batch);
});
