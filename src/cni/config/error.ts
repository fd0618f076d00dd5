/** What is wrong with a configuration, as data that names the place. */

/** One thing that is wrong. */
export interface Problem {
  /** Where: `ipam.ranges[0][0].subnet`; empty for the configuration itself. */
  readonly path: string;
  /** What was found there and what is wanted: `wanted an integer from 0 to 4094, found 5000`. */
  readonly problem: string;
  /** What to do about it, where that is known: `remove the quotes`. */
  readonly hint?: string;
}

/** The sentence that a person reads: the path, the problem and the hint. */
export function sentence({ path, problem, hint }: Problem): string {
  const place = path === "" ? "the configuration" : path;
  return hint === undefined ? `${place}: ${problem}` : `${place}: ${problem} (${hint})`;
}

/** A configuration that cannot be used: CNI error code 7. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** @param problems all that is wrong, in the order in which the keys are declared; never empty */
  constructor(readonly problems: readonly Problem[]) {
    super(problems.map(sentence).join("; "));
  }
}
