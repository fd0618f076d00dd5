/** The conditions of a configuration, in the words of iptables or of nft, as rules can ask them. */
import { CniError, codes } from "../../../cni/error.ts";
import { type Condition, conditionName } from "../conditional.ts";
import { understood as ofIptables, readIptables } from "./iptables.ts";
import { understood as ofNft, readNft } from "./nft.ts";
import { comparisons, Misunderstood, type Test } from "./tests.ts";

/** The most rules that a condition may become. */
const MOST = 64;

/** Every way to pass all tests, one of each. */
const combined = (tests: readonly Test[]): Test =>
  tests.reduce<Test>((ways, test) => ways.flatMap((way) => test.map((steps) => [...way, ...steps])), [[]]);

function refused(family: 4 | 6, cause: string, understood: string): CniError {
  return new CniError({
    code: codes.invalidConfig,
    operation: "read",
    subject: `conditionsV${family}`,
    cause,
    hint: `understood are ${understood}`,
  });
}

/** As the reference tells them apart: words of iptables begin with an option, or with its negation. */
const isIptables = (words: readonly string[]): boolean => /^[-!]/.test(words[0] ?? "");

/**
 * What the words of a family ask of packets.
 * @throws CniError with code 7 that names the word which is not understood, and those that are
 */
export function readCondition(family: 4 | 6, words: readonly string[]): Condition {
  const text = words.join(" ");
  const understood = isIptables(words) ? ofIptables : ofNft;
  try {
    const by = comparisons(family);
    const tests = isIptables(words) ? readIptables(words, by) : readNft(text, by, family);
    const ways = tests.reduce((product, { length }) => product * length, 1);
    if (ways > MOST) throw new Misunderstood(text, `it asks for ${ways} combinations of values`);
    return { family, name: conditionName(family, words), text, alternatives: combined(tests) };
  } catch (error) {
    if (!(error instanceof Misunderstood)) throw error;
    throw refused(family, `"${error.word}": ${error.message}`, understood);
  }
}
