/** Finds the name that was probably meant by a mistyped one. */

/**
 * Whether at most `slips` insertions, deletions, replacements and swaps of neighbours turn `a` into `b`.
 * It tries each slip at the first difference: for names that are not near, as nearly all are, that ends at once,
 * where the usual table of distances took a millisecond of a cold start for five unknown keys.
 */
export function within(slips: number, a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > slips) return false;
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  if (at === a.length || at === b.length) return true;
  if (slips === 0) return false;
  const [x, y] = [a.slice(at + 1), b.slice(at + 1)];
  if (within(slips - 1, x, y) || within(slips - 1, x, b.slice(at)) || within(slips - 1, a.slice(at), y))
    return true;
  return a[at] === y[0] && x[0] === b[at] && within(slips - 1, x.slice(1), y.slice(1));
}

/**
 * The one of `names` that differs least from `word`, by at most two slips, letter case aside; undefined when none does.
 * Names of up to four letters are allowed one slip: `mac` is no mistyped `mtu`.
 */
export function nearest(word: string, names: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  for (let slips = 0; slips <= 2; slips++) {
    for (const name of names) {
      const short = slips === 2 && (name.length <= 4 || word.length <= 4);
      if (!short && within(slips, lower, name.toLowerCase())) return name;
    }
  }
  return undefined;
}
