/** Resolver settings from a file in the format of resolv.conf(5). */
import type { Dns } from "../../../cni/result.ts";

/**
 * What the lines say that a result can hold. Search domains and options of several lines add up; comments, and words
 * without a value, are passed over.
 */
export function readResolvConf(text: string): Dns {
  const nameservers: string[] = [];
  const search: string[] = [];
  const options: string[] = [];
  let domain: string | undefined;
  for (const line of text.split("\n")) {
    if (/^[#;]/.test(line)) continue;
    const [keyword, ...values] = line.trim().split(/\s+/);
    const [first] = values;
    if (first === undefined) continue;
    if (keyword === "nameserver") nameservers.push(first);
    else if (keyword === "domain") domain = first;
    else if (keyword === "search") search.push(...values);
    else if (keyword === "options") options.push(...values);
  }
  return { nameservers, domain, search, options };
}
