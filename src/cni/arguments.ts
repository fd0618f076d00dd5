/** `CNI_ARGS`: `KEY=value` pairs that a runtime or a person passes beside the configuration. */
import { CniError, codes } from "./error.ts";

const invalid = (cause: string, hint: string): CniError =>
  new CniError({ code: codes.invalidEnvironment, operation: "read CNI_ARGS", cause, hint });

/** The pairs of the text in order. A value cannot hold `=`, and nothing may follow a last `;`. */
function pairsOf(text: string): [key: string, value: string][] {
  if (text === "") return [];
  return text.split(";").map((pair) => {
    const parts = pair.split("=");
    if (parts.length !== 2)
      throw invalid(`"${pair}" is not KEY=value`, "separate pairs with `;`, none at the end");
    return parts as [string, string];
  });
}

function parseSwitch(key: string, value: string): boolean {
  if (/^(1|true)$/i.test(value)) return true;
  if (/^(0|false)$/i.test(value)) return false;
  throw invalid(`${key} is "${value}"`, "write 1, true, 0 or false");
}

/**
 * The values of the keys that a plugin knows; of a key given twice the last value counts. A key that is not known
 * is refused unless the pair `IgnoreUnknown=1` is there, at any place.
 * @throws CniError with code 4
 */
export function parseArguments<Key extends string>(
  text: string,
  known: readonly Key[],
): Partial<Record<Key, string>> {
  const values: Partial<Record<string, string>> = {};
  const unknown: string[] = [];
  let ignoreUnknown = false;
  for (const [key, value] of pairsOf(text)) {
    if (key === "IgnoreUnknown") ignoreUnknown = parseSwitch(key, value);
    else if ((known as readonly string[]).includes(key)) values[key] = value;
    else unknown.push(`${key}=${value}`);
  }
  if (unknown.length > 0 && !ignoreUnknown) {
    const wanted = known.length > 0 ? `known here: ${known.join(", ")}; ` : "";
    throw invalid(`unknown: ${unknown.join(", ")}`, `${wanted}add IgnoreUnknown=1 to pass them over`);
  }
  return values as Partial<Record<Key, string>>;
}
