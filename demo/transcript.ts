/** The netlink conversation of one call, from what `--trace` printed: a line for each request with its answer. */
import { columns, cut, lineWidth, paint } from "./terminal.ts";

/** A datagram of the trace: `host route > sent`, and the annotated bytes. */
interface Datagram {
  readonly side: string;
  readonly protocol: string;
  readonly sent: boolean;
  /** What stands beside the bytes. */
  readonly meanings: readonly string[];
  readonly text: string;
}

/** Where the meaning begins in a line of an annotated dump, after the offset and the bytes. */
const MEANING = 31;

function read(text: string): Datagram[] {
  return text
    .split("\n\n")
    .filter((block) => block.trim() !== "")
    .map((block) => {
      const [head = "", ...lines] = block.trimEnd().split("\n");
      const [side = "", protocol = "", direction] = head.split(" ");
      const meanings = lines.map((line) => line.slice(MEANING).trim()).filter(Boolean);
      return { side, protocol, sent: direction === ">", meanings, text: block.trimEnd() };
    });
}

/** The headers of the datagram's messages: `newlink, 116 bytes, request ack…`. */
const isHeader = (meaning: string): boolean => /^[\w ]+, \d+ bytes, /.test(meaning);
const messageNames = ({ meanings }: Datagram): string[] =>
  meanings
    .filter(isHeader)
    .map((header) => header.split(",")[0]!)
    .filter((name) => !name.startsWith("batch"));

/** Lines before a value: the attribute's header, and within comments of nf_tables a record's. */
const VALUE_FOLLOWS = /^(?:(\S+) attribute|\S+ record) \d+, \d+ bytes$/;

/** Attributes whose values say nothing here: bytes of a set's key or data, and what an answer is to leave out. */
const UNTOLD: ReadonlySet<string> = new Set(["value", "extMask"]);

/** The values of a request's attributes; of its header's fields if it has none. */
function saysShortly({ meanings }: Datagram): string {
  const values = meanings.filter((meaning, index) => {
    const found = VALUE_FOLLOWS.exec(meanings[index - 1] ?? "");
    const [, attribute] = found ?? [];
    return (
      found && (attribute === undefined || (!UNTOLD.has(attribute) && meaning.startsWith(`${attribute} `)))
    );
  });
  const fields = meanings.filter(
    (meaning) => !isHeader(meaning) && !/ (none|unspec|0|netrom)$|^pad$/.test(meaning),
  );
  return (values.length > 0 ? values : fields).filter((meaning) => !VALUE_FOLLOWS.test(meaning)).join(", ");
}

/** What came back: the errno of an ack, or the messages. */
function answerShortly(answers: readonly Datagram[]): string {
  const meanings = answers.flatMap(({ meanings }) => meanings);
  const [first = "nothing", errno = ""] = meanings;
  return first.startsWith("error,")
    ? errno === "no error"
      ? "ok"
      : errno
    : first.split(", ").slice(0, 2).join(", ");
}

/** Each request with what came back before the next one. */
function exchanges(datagrams: readonly Datagram[]): { request: Datagram; answers: Datagram[] }[] {
  const found: { request: Datagram; answers: Datagram[] }[] = [];
  for (const datagram of datagrams) {
    if (datagram.sent) found.push({ request: datagram, answers: [] });
    else found.at(-1)?.answers.push(datagram);
  }
  return found;
}

/** A line for each request of the trace. */
export function conversation(trace: string): string[] {
  const rows = exchanges(read(trace)).map(({ request, answers }) => [
    request.side,
    [...new Set(messageNames(request))].join(", "),
    saysShortly(request),
    `→ ${answerShortly(answers)}`,
  ]);
  const fixed = [0, 1, 3].map((index) => Math.max(...rows.map((row) => row[index]!.length)) + 2);
  const left = lineWidth - fixed.reduce((sum, columns) => sum + columns);
  return columns(
    rows.map(([side, names, says, answer]) => [paint("dim", side!), names!, cut(says!, left), answer!]),
  );
}

/** The first request of the trace that says `word`, as `--trace` prints it. */
export const annotated = (trace: string, word: string): string[] =>
  read(trace)
    .find(({ sent, text }) => sent && text.includes(word))
    ?.text.split("\n") ?? [];

/** How many lines the trace has. */
export const lengthOf = (trace: string): number => trace.trimEnd().split("\n").length;
