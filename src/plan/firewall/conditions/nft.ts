/** Conditions in the words of nft(8): `ip saddr != { 10.0.0.0/8, 172.16.0.0/12 } iifname "eth0"`. */
import { type Comparisons, Misunderstood, type Test, test } from "./tests.ts";

/** What is compared, by the words before the value. Words in brackets may be left out. */
const subjects: readonly (readonly [RegExp, keyof Comparisons])[] = [
  [/^ip6? saddr$/, "source"],
  [/^ip6? daddr$/, "destination"],
  [/^(ip protocol|ip6 nexthdr|(meta )?l4proto)$/, "protocol"],
  [/^(tcp|udp|sctp|th) sport$/, "sourcePort"],
  [/^(tcp|udp|sctp|th) dport$/, "destinationPort"],
  [/^(meta )?(iif|iifname)$/, "incoming"],
  [/^(meta )?(oif|oifname)$/, "outgoing"],
  [/^(meta )?mark$/, "mark"],
  [/^ct mark$/, "connectionMark"],
  [/^fib saddr type$/, "sourceKind"],
  [/^fib daddr type$/, "destinationKind"],
];

/** What there is, for people who have written something else. */
export const understood =
  "ip/ip6 saddr and daddr, ip protocol, ip6 nexthdr, meta l4proto, tcp/udp/sctp/th sport and dport, iif, iifname, oif, " +
  'oifname, meta mark, ct mark, fib saddr/daddr type, each with one value or { several }, after "!=" too';

/** The words that can stand between a subject and its value. */
const operators: Readonly<Record<string, "eq" | "neq">> = { "==": "eq", eq: "eq", "!=": "neq", ne: "neq" };

/** Names in quotation marks, braces, commas, and what is between spaces. */
const tokensIn = (text: string): string[] =>
  text.match(/"[^"]*"|[{},]|==|!=|&|[^\s{},"=!&]+|./g)?.filter((token) => token.trim() !== "") ?? [];

/** The longest beginning of the words that is a subject. */
function subjectIn(tokens: readonly string[]) {
  for (let length = 3; length > 0; length--) {
    const words = tokens.slice(0, length).join(" ");
    const found = subjects.find(([pattern]) => pattern.test(words));
    if (found !== undefined) return { words, compares: found[1], length };
  }
  throw new Misunderstood(tokens.slice(0, 2).join(" "), "it is not understood");
}

/** One value, or several in braces: with how many words they were. */
function valuesIn(tokens: readonly string[], behind: string): { values: string[]; length: number } {
  const [first] = tokens;
  if (first === undefined) throw new Misunderstood(behind, "there is no value behind it");
  if (first !== "{") return { values: [first], length: 1 };
  const end = tokens.indexOf("}");
  const inside = tokens.slice(1, end < 0 ? undefined : end);
  const values = inside.filter((_, index) => index % 2 === 0);
  const parted = inside.every((token, index) => (token === ",") === (index % 2 === 1));
  if (end < 0 || values.length === 0 || !parted)
    throw new Misunderstood(tokens.slice(0, 3).join(" "), "it is not a list such as { 80, 443 }");
  return { values, length: end + 1 };
}

/** Words of the other family's header, and sets of tables that are not ours. */
function checkFits(words: string, values: readonly string[], family: 4 | 6): void {
  const other = family === 4 ? /^ip6 / : /^ip /;
  if (other.test(words)) throw new Misunderstood(words, `it is not of IPv${family}`);
  const named = values.find((value) => value.startsWith("@"));
  if (named !== undefined) throw new Misunderstood(named, "sets of other tables are not seen from here");
}

/** The tests that the words make together. @throws Misunderstood */
export function readNft(text: string, by: Comparisons, family: 4 | 6): Test[] {
  const tests: Test[] = [];
  let tokens = tokensIn(text);
  while (tokens.length > 0) {
    const { words, compares, length } = subjectIn(tokens);
    tokens = tokens.slice(length);
    const isMask = compares === "mark" || compares === "connectionMark";
    const bits = isMask && (tokens[0] === "&" || tokens[0] === "and") ? `/${tokens[1] ?? ""}` : "";
    if (bits !== "") tokens = tokens.slice(2);
    const op = operators[tokens[0] ?? ""];
    if (op !== undefined) tokens = tokens.slice(1);
    const { values, length: taken } = valuesIn(tokens, words);
    tokens = tokens.slice(taken);
    checkFits(words, values, family);
    const [transport] = /^(tcp|udp|sctp)(?= )/.exec(words) ?? [];
    if (transport !== undefined) tests.push(test(by.protocol, "eq", [transport]));
    tests.push(
      test(
        by[compares],
        op ?? "eq",
        values.map((value) => value + bits),
      ),
    );
  }
  return tests;
}
