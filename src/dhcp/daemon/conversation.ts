/** One plugin's connection to the daemon: a line comes, one or two lines go, and it is closed. */
import { SystemError } from "../../../netlink/errors.ts";
import { errorObject } from "../../cni/explain.ts";
import { utf8 } from "../../sys/library.ts";
import type { UnixConnection } from "../../sys/unix-socket.ts";
import { HTTP_REFUSAL, isHttp, LONGEST_LINE, lineOf, readLine } from "../lines.ts";
import { shapeOfQuestion } from "../schema.ts" with { type: "macro" };
import type { Answer, Question } from "../schema.ts";

/** Who connects and says nothing for so long is not waited for. */
const SILENCE = 10_000;

/** What a question's answer may be. */
export interface Reply {
  answer(answer: Omit<Answer, "flatnetDhcp">): void;
  fail(error: unknown): void;
}

/** Answers a question now or later. @returns what to do when who asked has gone before that */
export type Ask = (question: Question, reply: Reply) => (() => void) | undefined;

export class Conversation implements Reply {
  private text = "";
  private readonly decoder = new TextDecoder();
  private asked = false;
  private outgoing: Uint8Array = new Uint8Array();
  private finished = false;
  private gone: (() => void) | undefined;
  /** When to close it, if it has said nothing until then. */
  readonly silentUntil: number;

  constructor(
    private readonly connection: UnixConnection,
    private readonly ask: Ask,
    now: number,
  ) {
    this.silentUntil = now + SILENCE;
  }

  get fd(): number {
    return this.connection.fd;
  }

  get output(): boolean {
    return this.outgoing.length > 0;
  }

  /** Whether it has been closed. */
  get isOver(): boolean {
    return this.fd === -1;
  }

  /** When to call `wake`. */
  get next(): number {
    return this.asked ? Number.POSITIVE_INFINITY : this.silentUntil;
  }

  wake(now: number): void {
    if (now >= this.next) this.close();
  }

  /** Something has come, or there is room for what goes. */
  advance(): void {
    try {
      if (this.output) this.flush();
      else this.take();
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.close(); // the other end is gone
    }
  }

  answer(answer: Omit<Answer, "flatnetDhcp">): void {
    this.say(lineOf(answer), answer.within === undefined);
  }

  fail(error: unknown): void {
    this.say(lineOf({ error: errorObject(error) }), true);
  }

  close(): void {
    this.connection[Symbol.dispose]();
    if (!this.finished) this.gone?.();
    this.finished = true;
  }

  private say(text: string, last: boolean): void {
    if (this.finished) return;
    const bytes = utf8(text);
    const both = new Uint8Array(new ArrayBuffer(this.outgoing.length + bytes.length));
    both.set(this.outgoing);
    both.set(bytes, this.outgoing.length);
    this.outgoing = both;
    this.finished = last;
    this.advance();
  }

  private flush(): void {
    this.outgoing = this.outgoing.slice(this.connection.send(this.outgoing));
    if (this.outgoing.length === 0 && this.finished) this.connection[Symbol.dispose]();
  }

  private take(): void {
    const bytes = this.connection.receive();
    if (bytes === undefined) return;
    if (bytes.length === 0) {
      this.close();
      return;
    }
    if (this.asked) return; // there is one question
    this.text += this.decoder.decode(bytes, { stream: true });
    const end = this.text.indexOf("\n");
    if (end !== -1) this.question(this.text.slice(0, end));
    else if (this.text.length > LONGEST_LINE) this.close();
  }

  private question(line: string): void {
    this.asked = true;
    if (isHttp(line)) {
      this.say(HTTP_REFUSAL, true);
      return;
    }
    try {
      const gone = this.ask(readLine(line, shapeOfQuestion(), "who called the daemon"), this);
      // Who asked may have gone while he was told that it takes time.
      if (this.isOver) gone?.();
      else this.gone = gone;
    } catch (error) {
      this.fail(error);
    }
  }
}
