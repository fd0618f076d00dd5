/** The cases of JUnit reports, each once however many reports tell of it. */

export type Ending = "passed" | "failed" | "skipped";

/** Endings of cases by their file, description and name. */
export type Cases = Map<string, Ending>;

const attribute = (tag: string, name: string): string =>
  new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1] ?? "";

function endingOf(rest: string): Ending {
  if (/^\s*<skipped/.test(rest)) return "skipped";
  return /^\s*<(failure|error)/.test(rest) ? "failed" : "passed";
}

/** What a report of `bun test` says; empty for no text. */
export function casesOf(xml: string): Cases {
  const cases: Cases = new Map();
  for (const [tag, whole] of xml.matchAll(/<testcase (?:"[^"]*"|[^">])*>/g).map((m) => [m[0], m] as const)) {
    const name = ["file", "classname", "name"].map((each) => attribute(tag, each)).join(" › ");
    // Cases may have the same name: the second is another one.
    let unique = name;
    for (let nth = 2; cases.has(unique); nth++) unique = `${name} (${nth})`;
    const rest = tag.endsWith("/>") ? "" : xml.slice(whole.index + tag.length, whole.index + tag.length + 40);
    cases.set(unique, endingOf(rest));
  }
  return cases;
}

/** A case that ran on one of two kernels has run; one that failed on either has failed. */
export function together(first: Cases, second: Cases): Cases {
  const all = new Map(first);
  for (const [name, ending] of second) {
    const before = all.get(name);
    if (before === undefined || before === "skipped" || ending === "failed") all.set(name, ending);
  }
  return all;
}

export const countOf = (cases: Cases, ending: Ending): number =>
  [...cases.values()].filter((each) => each === ending).length;
