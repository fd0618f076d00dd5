/** Asks the daemon: one line there, its answer back. Synchronous: nothing else goes on in a plugin. */
import { SystemError } from "../../../../netlink/errors.ts";
import { CniError, codes, type Failure } from "../../../cni/error.ts";
import { LONGEST_LINE, lineOf, readLine } from "../../../dhcp/lines.ts";
import { shapeOfAnswer } from "../../../dhcp/schema.ts" with { type: "macro" };
import type { Answer, Question } from "../../../dhcp/schema.ts";
import { utf8 } from "../../../sys/library.ts";
import { monotonic, sleep } from "../../../sys/time.ts";
import { connectUnix, type UnixConnection } from "../../../sys/unix-socket.ts";

/** A daemon that works answers at once, if only how long it will take. */
const PROMPT = 10_000;

/** Milliseconds until the next try to be heard among many. */
const CROWDED_PAUSE = 5;

/** Nobody listens at the daemon's socket. */
export class NoDaemon extends CniError {}

const failure = (socket: string, cause: string, hint: string): Failure => ({
  code: codes.failed,
  operation: "ask the DHCP daemon at",
  subject: socket,
  cause,
  hint,
});

/** Waits as long as too many others are waiting. @throws NoDaemon, SystemError */
function connect(socket: string): UnixConnection {
  for (const end = monotonic() + PROMPT; ; sleep(CROWDED_PAUSE)) {
    const connection = connectOnce(socket, monotonic() < end);
    if (connection !== undefined) return connection;
  }
}

/** @param patient whether nothing is given, instead of an error thrown, when too many others are waiting */
function connectOnce(socket: string, patient: boolean): UnixConnection | undefined {
  try {
    return connectUnix(socket);
  } catch (error) {
    if (patient && error instanceof SystemError && error.code === "EAGAIN") return undefined;
    const absent = error instanceof SystemError && ["ENOENT", "ECONNREFUSED", "ENOTDIR"].includes(error.code);
    if (!absent) throw error;
    const cause = error.code === "ECONNREFUSED" ? "nobody listens there" : "there is no such socket";
    throw new NoDaemon(failure(socket, cause, "start it: flatnet dhcp daemon"));
  }
}

/** The daemon's lines, one at a time. */
class Lines {
  private text = "";
  private readonly decoder = new TextDecoder();

  constructor(
    private readonly connection: UnixConnection,
    private readonly socket: string,
  ) {}

  /** @throws CniError when none comes within so many milliseconds, or the daemon ends */
  next(patience: number): string {
    const end = monotonic() + patience;
    for (;;) {
      const line = this.whole();
      if (line !== undefined) return line;
      if (monotonic() >= end)
        throw this.failed(`it does not answer within ${patience / 1000} s`, "restart it");
      if (this.connection.wait(Math.max(0, end - monotonic()))) this.take();
    }
  }

  /** The next line, if all of it has come. */
  private whole(): string | undefined {
    const newline = this.text.indexOf("\n");
    if (newline === -1) return undefined;
    const line = this.text.slice(0, newline);
    this.text = this.text.slice(newline + 1);
    return line;
  }

  private take(): void {
    const bytes = this.connection.receive();
    if (bytes === undefined) return;
    if (bytes.length === 0)
      throw this.failed("it ended before it had answered", "see what it said, and call again");
    this.text += this.decoder.decode(bytes, { stream: true });
    if (this.text.length > LONGEST_LINE) throw this.failed("its answer does not end", "restart it");
  }

  private failed(cause: string, hint: string): CniError {
    return new CniError(failure(this.socket, cause, hint));
  }
}

function send(connection: UnixConnection, text: string): void {
  let bytes = utf8(text);
  while (bytes.length > 0 && connection.wait(PROMPT, true)) bytes = bytes.subarray(connection.send(bytes));
}

/**
 * The daemon's answer to a question.
 * @throws NoDaemon when there is none; CniError of the daemon; SystemError
 */
export function ask(socket: string, question: Omit<Question, "flatnetDhcp">): Answer {
  using connection = connect(socket);
  send(connection, lineOf(question));
  const lines = new Lines(connection, socket);
  const read = (patience: number) => readLine(lines.next(patience), shapeOfAnswer(), `${socket}'s answer`);
  let answer = read(PROMPT);
  while (answer.within !== undefined) answer = read(answer.within);
  if (answer.error === undefined) return answer;
  const { code, msg, details } = answer.error;
  throw new CniError({ code, cause: msg, details });
}
