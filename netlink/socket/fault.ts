/** Faults: a transport that goes wrong on purpose, at steps that a plan names. */
import { SystemError } from "../errors.ts";
import { NLM_F } from "../message/header.ts";
import { FLAGS, headersIn } from "./headers.ts";
import type { Datagram, Transport } from "./transport.ts";

/** Another process that sends us netlink messages. */
const FOREIGN_PORT = 0x0bad;

/** What arrives in place of a datagram, by the fault's name. `before` came before it. */
const faults = {
  /** The reply never arrives. */
  dropped: () => [],
  /** Only the first half of it fits. */
  truncated: (reply) => [{ ...reply, bytes: reply.bytes.slice(0, reply.bytes.length >> 1), truncated: true }],
  /** It arrives twice. */
  duplicated: (reply) => [reply, reply],
  /** What came before arrives once more, as if late, and then the reply. */
  late: (reply, before) => [before ?? nothingEarlier(), reply],
  /** It arrives, after the same from another process. */
  foreign: (reply) => [{ ...reply, port: FOREIGN_PORT }, reply],
  /** The kernel says that what it lists changed meanwhile (NLM_F_DUMP_INTR). */
  interrupted: (reply) => [{ ...reply, bytes: withFlag(reply.bytes, NLM_F.dumpInterrupted) }],
} satisfies Record<string, (reply: Datagram, before: Datagram | undefined) => Datagram[]>;

function nothingEarlier(): never {
  throw new RangeError("the fault plan has the first reply come late, before which there was none");
}

/** The name of an error, with which the call fails instead of being made. */
export type Failure = `E${string}`;
export type Fault = keyof typeof faults;

/**
 * What goes wrong at which step. Steps count from 1, the calls of each kind for themselves:
 * `{ send: { 2: "EPERM" }, receive: { 1: "duplicated", 3: "ENOBUFS" } }`.
 */
export interface FaultPlan {
  readonly send?: Readonly<Record<number, Failure>>;
  readonly receive?: Readonly<Record<number, Fault | Failure>>;
}

/** `transport`, on which goes wrong what `plan` names. */
export function faulty(transport: Transport, plan: FaultPlan): Transport {
  const queue: Datagram[] = [];
  let before: Datagram | undefined;
  const step = { send: 0, receive: 0 };
  const fetch = () => {
    const fault = plan.receive?.[++step.receive];
    if (fault !== undefined && !isFault(fault)) throw new SystemError("receive (a planned fault)", fault);
    const { bytes, port, truncated } = transport.receive();
    const reply = { bytes: bytes.slice(), port, truncated };
    queue.push(...(fault === undefined ? [reply] : faults[fault](reply, before)));
    before = reply;
  };
  return {
    port: transport.port,
    send(datagram) {
      const failure = plan.send?.[++step.send];
      if (failure !== undefined) throw new SystemError("send (a planned fault)", failure);
      transport.send(datagram);
    },
    receive() {
      while (queue.length === 0) fetch();
      return queue.shift()!;
    },
    close: () => transport.close(),
  };
}

function isFault(name: Fault | Failure): name is Fault {
  return name in faults;
}

function withFlag(datagram: Uint8Array, flag: number): Uint8Array {
  for (const header of headersIn(datagram))
    header.setUint16(FLAGS, header.getUint16(FLAGS, true) | flag, true);
  return datagram;
}
