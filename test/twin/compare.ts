/** What differs between two trees, leaf by leaf. */
import type { Tree } from "./state.ts";

/** One place where two worlds differ; `undefined` where there is nothing. */
export interface Difference {
  readonly at: string;
  readonly go: unknown;
  readonly ours: unknown;
}

/** Between the names of a path. */
const SEPARATOR = " › ";

/** The leaves of a tree by their paths. Lists are leaves. */
function leaves(tree: Tree, path: readonly string[] = [], found = new Map<string, unknown>()): Map<string, unknown> {
  for (const [name, value] of Object.entries(tree)) {
    const place = [...path, name];
    if (typeof value === "object" && value !== null && !Array.isArray(value)) leaves(value as Tree, place, found);
    else found.set(place.join(SEPARATOR), value);
  }
  return found;
}

/** A path to a leaf. */
export const at = (...names: readonly string[]): string => names.join(SEPARATOR);

const byPlace = (a: Difference, b: Difference): number => (a.at < b.at ? -1 : 1);

/** In the order of their places. */
export const ordered = (differences: readonly Difference[]): Difference[] => [...differences].sort(byPlace);

export function differencesOf(go: Tree, ours: Tree): Difference[] {
  const [left, right] = [leaves(go), leaves(ours)];
  const places = new Set([...left.keys(), ...right.keys()]);
  const all = [...places].map((place) => ({ at: place, go: left.get(place), ours: right.get(place) }));
  return ordered(all.filter(({ go, ours }) => !Bun.deepEquals(go, ours)));
}
