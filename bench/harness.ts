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
  /** The same in processor time, which depends less on what else the machine does. */
  readonly processor?: { readonly ours: number; readonly against?: number | undefined };
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

/** What a call took, or several together, in milliseconds. */
export interface Time {
  readonly elapsed: number;
  /** In user and in system mode, on all processors, with the programs that were started and waited for. */
  readonly processor: number;
}

export const noTime: Time = { elapsed: 0, processor: 0 };

export const plus = (a: Time, b: Time): Time => ({
  elapsed: a.elapsed + b.elapsed,
  processor: a.processor + b.processor,
});

export const medianTime = (times: readonly Time[]): Time => ({
  elapsed: median(times.map(({ elapsed }) => elapsed)),
  processor: median(times.map(({ processor }) => processor)),
});

/**
 * Measures each subject in turn, again and again, so that whatever else the machine does meets all of them alike.
 * The first round warms up and does not count.
 * @param middle gives the median of what was measured: `medianTime` or `median`
 * @returns the medians, a record for each subject, in their order
 */
export async function inTurn<Subject, Key extends string, Value>(
  subjects: readonly Subject[],
  rounds: number,
  measure: (subject: Subject) => Promise<Readonly<Record<Key, Value>>>,
  middle: (values: readonly Value[]) => Value,
): Promise<Readonly<Record<Key, Value>>[]> {
  const seen: Readonly<Record<Key, Value>>[][] = subjects.map(() => []);
  for (let round = 0; round <= rounds; round++)
    for (const [index, subject] of subjects.entries()) {
      const measured = await measure(subject);
      if (round > 0) seen[index]!.push(measured);
    }
  return seen.map((all) => {
    const keys = Object.keys(all[0] ?? {}) as Key[];
    const middles = keys.map((key) => [key, middle(all.map((measured) => measured[key]))]);
    return Object.fromEntries(middles) as Record<Key, Value>;
  });
}

/** The figures of a row that compares times. */
export const compared = (
  ours: Time,
  against?: Time,
  name = "Go",
): Pick<Row, "ours" | "against" | "processor"> => ({
  ours: milliseconds(ours.elapsed),
  ...(against && { against: { ...milliseconds(against.elapsed), name } }),
  processor: { ours: ours.processor, against: against?.processor },
});

/** Both sides, ours first, or ours alone. */
export function sides(bench: Bench): Side[] {
  return bench.go ? [bench.ours, bench.go] : [bench.ours];
}
