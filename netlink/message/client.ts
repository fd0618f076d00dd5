/** A client of the kernel: sends requests over a transport, and matches what comes back to them. */
import { decode } from "../codec/codec.ts";
import { type KernelError, type NetlinkError, ProtocolError, SystemError } from "../errors.ts";
import type { Transport } from "../socket/transport.ts";
import { saysAbsent, verdict } from "./ack.ts";
import { Exchange } from "./exchange.ts";
import { isEnd, type Message, NLM_F, NLMSG_ERROR } from "./header.ts";
import type { Query, Request } from "./request.ts";

/** How many acks are asked for at once: a receive buffer of the usual 208 KiB has room for 270. */
const AT_ONCE = 64;

/** How often a dump that failed for a passing reason is begun again before its caller is told. */
const DUMP_TRIES = 6;

/** What makes a dump worth another try: a part of it was dropped, or cut off (the next buffer is larger). */
const LOST: ReadonlySet<string> = new Set(["ENOBUFS", "EMSGSIZE"]);

export class Client implements Disposable {
  /** Set while a dump has not been read to its end: until then the kernel refuses to begin another one. */
  private dumping = false;

  private readonly exchange: Exchange;

  /** @param sequence the number of the first request */
  constructor(
    readonly transport: Transport,
    sequence = 1,
  ) {
    this.exchange = new Exchange(transport, sequence);
  }

  /** Asks for a change and waits for the kernel's word. @throws KernelError */
  do(request: Request): void {
    const error = this.attempt([request])[0];
    if (error !== undefined) throw error;
  }

  /**
   * Asks for several changes, many in a datagram. Each stands for itself: one that is refused does not stop those after
   * it.
   * @returns for each request undefined, or the kernel's refusal
   */
  attempt(requests: readonly Request[]): (KernelError | undefined)[] {
    const verdicts: (KernelError | undefined)[] = [];
    for (let start = 0; start < requests.length; start += AT_ONCE)
      verdicts.push(...this.attemptAtOnce(requests.slice(start, start + AT_ONCE)));
    return verdicts;
  }

  private attemptAtOnce(requests: readonly Request[]): (KernelError | undefined)[] {
    const verdicts: (KernelError | undefined)[] = requests.map(() => undefined);
    const answered = new Set<number>();
    this.exchange.ask(requests, (message, index) => {
      if (message.type !== NLMSG_ERROR) return false;
      verdicts[index] = verdict(message, requests[index]!);
      answered.add(index);
      return answered.size === requests.length;
    });
    return verdicts;
  }

  /**
   * Sends requests that stand or fall together, as between the begin and the end of an nfnetlink batch. Only those
   * that ask for an ack get one, and one has to; an error may come for any of them, and one for the first ends the
   * whole.
   * @param reply told of each message that is neither ack nor error, such as an echo
   * @throws KernelError the first refusal
   */
  transact(requests: readonly Request[], reply?: (message: Message) => void): void {
    const acks = requests.filter(asksForAck).length;
    const answered = new Set<number>();
    let refusal: KernelError | undefined;
    this.exchange.ask(requests, (message, index) => {
      if (message.type !== NLMSG_ERROR) {
        reply?.(message);
        return false;
      }
      refusal ??= verdict(message, requests[index]!);
      if (asksForAck(requests[index]!)) answered.add(index);
      return answered.size === acks || (refusal !== undefined && index === 0);
    });
    if (refusal !== undefined) throw refusal;
  }

  /** Asks for one thing. @throws KernelError, or ProtocolError when the answer has nothing in it */
  get<T>(query: Query<T>): T {
    return foundIn(this.answer(query), query);
  }

  /**
   * As `get`, but gives undefined when the kernel says there is no such thing, or to a question that asks for an ack as
   * well gives nothing else. @throws KernelError
   */
  find<T>(query: Query<T>): T | undefined {
    const answer = this.answer(query);
    return saysNothing(answer, query) ? undefined : foundIn(answer, query);
  }

  private answer<T>(query: Query<T>): Answer<T> {
    const answer: Answer<T> = {};
    this.exchange.ask([query], (message) => {
      if (isEnd(message)) answer.end = message;
      else answer.found = decode(query.reply, message.body);
      return isEnd(message) || !(asksForAck(query) || message.flags & NLM_F.multi);
    });
    return answer;
  }

  /**
   * Asks for all there are. A dump during which something changed, or of which a part was lost, is begun again.
   * @throws KernelError; ProtocolError with code `EINTR` when it stayed inconsistent; what lost a part of it, when that
   * happened again and again
   */
  list<T>(query: Query<T>): T[] {
    for (let tries = 1; ; tries++) {
      const values: T[] = [];
      const problem = this.dump(query, (value) => values.push(value));
      if (problem === undefined) return values;
      if (tries === DUMP_TRIES) throw problem;
    }
  }

  /** One dump; gives what was wrong with it if another one may be better. */
  private dump<T>(query: Query<T>, visit: (value: T) => void): NetlinkError | undefined {
    const earlierGoesOn = this.dumping;
    let interrupted = false;
    let refusal: KernelError | undefined;
    this.dumping = true;
    try {
      this.exchange.ask([query], (message) => {
        interrupted ||= (message.flags & NLM_F.dumpInterrupted) !== 0;
        if (isEnd(message)) refusal = verdict(message, query);
        else visit(decode(query.reply, message.body));
        return isEnd(message);
      });
    } catch (error) {
      const lost = (error instanceof SystemError || error instanceof ProtocolError) && LOST.has(error.code);
      if (!lost) throw error;
      return error;
    }
    if (earlierGoesOn && refusal?.code === "EBUSY") {
      this.exchange.skipToDone(query.operation);
      this.dumping = false;
      return refusal;
    }
    this.dumping = false;
    if (refusal !== undefined && refusal.code !== "EINTR") throw refusal;
    return interrupted || refusal !== undefined ? changedMeanwhile(query) : undefined;
  }

  [Symbol.dispose](): void {
    this.transport.close();
  }
}

/** What came back to a question about one thing. */
interface Answer<T> {
  found?: T;
  /** The ack or the refusal, where there was one. */
  end?: Message;
}

const saysNothing = <T>({ found, end }: Answer<T>, query: Query<T>): boolean =>
  found === undefined && end !== undefined && (saysAbsent(end) || verdict(end, query) === undefined);

function foundIn<T>({ found, end }: Answer<T>, query: Query<T>): T {
  const refusal = end && verdict(end, query);
  if (refusal !== undefined) throw refusal;
  if (found !== undefined) return found;
  throw new ProtocolError(query.operation, "EPROTO", "the kernel's answer is empty");
}

const asksForAck = ({ flags }: Request): boolean => (flags & NLM_F.ack) !== 0;

const changedMeanwhile = ({ operation }: Request): ProtocolError => {
  const said = `what is listed changed during each of ${DUMP_TRIES} tries: try again when less is going on`;
  return new ProtocolError(operation, "EINTR", said);
};
