/** What differs between two trees, at the places where they part. */

/** One place where two worlds differ; `undefined` where there is nothing, `THERE` where there is more than a value. */
export interface Difference {
  readonly at: string;
  readonly go: unknown;
  readonly ours: unknown;
}

/** Stands for a thing with parts, of which the other world has none. */
export const THERE = "there";

/** The path to a place. */
export const at = (...names: readonly string[]): string => names.join(" › ");

/** What is in a thing that has parts; a list of words is a value, and so is what is empty. */
function partsOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const parts = Object.values(value);
  const words = Array.isArray(value) && parts.every((part) => typeof part !== "object");
  return words || parts.length === 0 ? undefined : (value as Record<string, unknown>);
}

const shown = (value: unknown): unknown => (partsOf(value) === undefined ? value : THERE);

function parting(go: unknown, ours: unknown, path: readonly string[]): Difference[] {
  const [left, right] = [partsOf(go), partsOf(ours)];
  if (left === undefined || right === undefined)
    return Bun.deepEquals(go, ours) ? [] : [{ at: at(...path), go: shown(go), ours: shown(ours) }];
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].flatMap((name) => parting(left[name], right[name], [...path, name]));
}

/** In the order of their places. */
export const ordered = (differences: readonly Difference[]): Difference[] =>
  [...differences].sort((a, b) => (a.at < b.at ? -1 : 1));

/** All places where two trees differ. */
export const differencesOf = (go: unknown, ours: unknown): Difference[] => ordered(parting(go, ours, []));
