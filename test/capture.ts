/**
 * Records commands under strace and keeps their netlink messages as readable fixtures.
 *
 *     bun run test/capture.ts [word…]      captures the listed fixtures whose names begin with a word; without one, all
 *     bun run test/capture.ts --show [--after "setup command"]… -- command…     prints a command's messages
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import type { Capture, Choice } from "../fixtures/captures/capture.ts";
import { captures } from "../fixtures/captures/index.ts";
import { annotate } from "./capture/annotate.ts";
import { messagesOf, typeName } from "./capture/messages.ts";
import { type Datagram, record } from "./capture/strace.ts";
import { parseHex } from "./fixtures.ts";

const FOLDER = new URL("../fixtures", import.meta.url).pathname;

const DIRECTIONS = { toKernel: "sent to the kernel", fromKernel: "received from the kernel" } as const;

/** How each recorded program says its version. */
const VERSIONS: Record<string, [question: string, answer: RegExp, name: string]> = {
  ip: ["ip -V", /iproute2-([\w.]+)/, "iproute2"],
  bridge: ["bridge -V", /utility, ([\w.]+)/, "iproute2"],
  tc: ["tc -V", /iproute2-([\w.]+)/, "iproute2"],
  dcb: ["dcb -V", /iproute2-([\w.]+)/, "iproute2"],
  nft: ["nft -v", /v([\d.]+)/, "nftables"],
  conntrack: ["conntrack -V", /v([\d.]+)/, "conntrack-tools"],
  python3: ["python3 -V", /Python ([\d.]+)/, "Python"],
};

/** The program that a command is about, with its version; the first one known in the line. */
function program(command: string): string {
  const word = command.split(/[\s;&|]+/).find((word) => word in VERSIONS);
  if (word === undefined) throw new Error(`"${command}" names no program whose version is known`);
  const [question, answer, name] = VERSIONS[word]!;
  const run = Bun.spawnSync(question.split(" "), { stderr: "pipe" });
  return `${name} ${answer.exec(`${run.stdout}${run.stderr}`)?.[1] ?? "of unknown version"}`;
}

/** Whether `words` are what stands beside a line of the message. */
const says = (words: string, protocol: string, message: Uint8Array) =>
  annotate(protocol, message).some((line) => line.replace(/^[^#]*#/, "").trim() === words);

/** The bytes that `choice` means among what was recorded. */
function choose(datagrams: Datagram[], choice: Choice): Datagram {
  const candidates = datagrams
    .filter(({ direction }) => direction === choice.direction)
    .flatMap((datagram) => {
      const messages = messagesOf(datagram.bytes);
      const length = messages.reduce((total, { bytes }) => total + bytes.length, 0);
      return messages
        .filter(({ type }) => typeName(datagram.protocol, type) === choice.type)
        .filter(({ bytes }) => choice.about === undefined || says(choice.about, datagram.protocol, bytes))
        .map(({ bytes }) => ({
          ...datagram,
          bytes: choice.whole ? datagram.bytes.subarray(0, length) : bytes,
        }));
    });
  const { nth, type, direction, about = "anything" } = choice;
  const chosen =
    nth === "only" && candidates.length > 1 ? undefined : candidates.at(nth === "only" ? 0 : nth);
  if (!chosen)
    throw new Error(
      `${candidates.length} messages ${type} about ${about} were ${DIRECTIONS[direction]}; wanted: ${nth}`,
    );
  return chosen;
}

/** The text of a fixture. */
function page(capture: Capture, { direction, protocol, bytes }: Datagram): string {
  const kernel = release().split(".").slice(0, 2).join(".");
  return [
    `# ${capture.command}`,
    `# ${program(capture.command)}, Linux ${kernel}, little endian; ${DIRECTIONS[direction]}`,
    `# protocol: ${protocol}`,
    ...(capture.after ?? []).map((command) => `# after: ${command}`),
    ...annotate(protocol, bytes),
    "",
  ].join("\n");
}

function take(capture: Capture): void {
  const { datagrams, exitCode, stderr } = record(capture.after ?? [], capture.command);
  if ((exitCode !== 0) !== (capture.refused ?? false)) throw new Error(`exit code ${exitCode}: ${stderr}`);
  for (const [name, choice] of Object.entries(capture.keep)) {
    const chosen = choose(datagrams, choice);
    mkdirSync(`${FOLDER}/${chosen.protocol}`, { recursive: true });
    const text = page(capture, chosen);
    if (!Buffer.from(parseHex(text)).equals(chosen.bytes))
      throw new Error(`${name}: bytes were lost in writing`);
    writeFileSync(`${FOLDER}/${chosen.protocol}/${name}.hex`, text);
  }
}

/** Only user-mode Linux has this file: what the exit code of its process will be. */
const kernel = existsSync("/proc/exitcode") ? "user-mode Linux" : undefined;

/** Captures all of the running kernel whose names begin with one of `words`; gives the number of failures. */
function takeListed(words: string[]): number {
  const wanted = captures.filter(
    (capture) =>
      capture.kernel === kernel &&
      Object.keys(capture.keep).some(
        (name) => words.length === 0 || words.some((word) => name.startsWith(word)),
      ),
  );
  let failures = 0;
  for (const capture of wanted) {
    try {
      take(capture);
    } catch (error) {
      failures += 1;
      console.error(`${capture.command}\n  ${error instanceof Error ? error.message : error}`);
    }
  }
  console.log(`${wanted.length} commands recorded, ${failures} failed`);
  return failures;
}

function show(setup: string[], command: string): void {
  const { datagrams, stderr } = record(setup, command);
  for (const { direction, protocol, bytes } of datagrams)
    console.log([`# ${protocol}, ${DIRECTIONS[direction]}`, ...annotate(protocol, bytes), ""].join("\n"));
  if (stderr) console.error(stderr);
}

const words = process.argv.slice(2);
if (words[0] === "--show") {
  const end = words.indexOf("--");
  const setup = words.slice(1, end).filter((word) => word !== "--after");
  if (end < 0) throw new Error('use: --show [--after "setup command"]… -- command…');
  show(setup, words.slice(end + 1).join(" "));
} else {
  process.exitCode = takeListed(words) === 0 ? 0 : 1;
}
