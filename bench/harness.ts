/** What every case is given and gives back, and how two sides are measured in turn. */
import type { Side } from "./sides.ts";

/** What a case may use. */
export interface Bench {
  readonly ours: Side;
  /** Undefined where the Go plugins cannot be measured. */
  readonly go: Side | undefined;
  /** How often each thing is measured; the median counts. */
  readonly rounds: number;
  /** Leaves out what takes long. */
  readonly quick: boolean;
  /** A folder on the disk that the executables are on, removed at the end. */
  readonly scratch: string;
}

/** A line of the table. */
export interface Row {
  readonly what: string;
  /** Absent where nothing could be measured; `note` says why. */
  readonly ours?: Figure;
  readonly against?: Figure & { readonly name: string };
  /** How many times `against` our figure may be. */
  readonly target?: number;
  /** How much our figure may be, whatever the other's is. */
  readonly limit?: number;
  readonly note?: string;
}

export interface Figure {
  readonly value: number;
  readonly unit: "ms" | "MiB";
}

export interface Case {
  readonly name: string;
  rows(bench: Bench): Promise<Row[]>;
}

export const milliseconds = (value: number): Figure => ({ value, unit: "ms" });

/** @throws RangeError when there is nothing to take the middle of */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) throw new RangeError("no median of nothing");
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** A named measurement of one subject, in milliseconds or MiB. */
export type Measurements<Key extends string> = Readonly<Record<Key, number>>;

/**
 * Measures each subject in turn, again and again, so that whatever else the machine does meets all of them alike.
 * The first round warms up and does not count.
 * @returns the medians, a record for each subject, in their order
 */
export async function inTurn<Subject, Key extends string>(
  subjects: readonly Subject[],
  rounds: number,
  measure: (subject: Subject) => Promise<Measurements<Key>>,
): Promise<Measurements<Key>[]> {
  const seen: Measurements<Key>[][] = subjects.map(() => []);
  for (let round = 0; round <= rounds; round++)
    for (const [index, subject] of subjects.entries()) {
      const measured = await measure(subject);
      if (round > 0) seen[index]!.push(measured);
    }
  return seen.map(medians);
}

function medians<Key extends string>(seen: readonly Measurements<Key>[]): Measurements<Key> {
  const keys = Object.keys(seen[0] ?? {}) as Key[];
  const middle = keys.map((key) => [key, median(seen.map((measured) => measured[key]))]);
  return Object.fromEntries(middle) as Measurements<Key>;
}

/** Both sides, ours first, or ours alone. */
export function sides(bench: Bench): Side[] {
  return bench.go ? [bench.ours, bench.go] : [bench.ours];
}
