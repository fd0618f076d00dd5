/** Keys that stand twice in one object of JSON text: parsed, only the later one would be seen. */

/** Strings, and the marks that give a document its form. Numbers and words are passed over. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],]/g;

/** An object or list that is open at a place of the text. */
interface Frame {
  readonly isObject: boolean;
  readonly seen: Set<string>;
  key: string;
}

const pathOf = (frames: readonly Frame[]): string => frames.map(({ key }) => key).join(".");

/**
 * The paths of the keys that are repeated, with dots between; an item of a list has no name.
 * @param text valid JSON
 */
export function repeatedKeys(text: string): string[] {
  const frames: Frame[] = [];
  const repeated: string[] = [];
  let previous = "";
  for (const [token] of text.matchAll(TOKEN)) {
    const frame = frames.at(-1);
    if (token === "{" || token === "[") frames.push({ isObject: token === "{", seen: new Set(), key: "" });
    else if (token === "}" || token === "]") frames.pop();
    else if (token !== "," && frame?.isObject && (previous === "{" || previous === ",")) {
      frame.key = JSON.parse(token) as string;
      if (frame.seen.has(frame.key)) repeated.push(pathOf(frames));
      frame.seen.add(frame.key);
    }
    previous = token;
  }
  return repeated;
}
