/** What a rule says, read from its expressions: of which packets, and what becomes of them. */
import type { Expression } from "../../../netlink/netfilter/expression/index.ts";

/** A rule's expressions. */
export type Said = readonly Expression[];

/** Expressions that decide nothing: they count, log, or hold a comment of iptables. */
const isSilent = ({ name, data }: Expression): boolean =>
  name === "counter" || (name as string) === "log" || (name === "match" && data?.name === "comment");

/** What of a rule decides anything. */
export const decisive = (said: Said): Said => said.filter((expression) => !isSilent(expression));

/** What becomes of the packets that a rule fits, with the chain it leads to. */
export function verdictOf(said: Said) {
  const last = decisive(said).at(-1);
  if (last?.name === "reject") return { code: "drop", chain: undefined } as const;
  return last?.name === "immediate" ? last.data?.data?.verdict : undefined;
}

/** Whether a rule fits all packets. */
const isForAll = (said: Said): boolean => decisive(said).length === 1;

/** Whether a rule sends all packets to a chain. */
export function jumpsTo(said: Said, chain: string): boolean {
  const verdict = verdictOf(said);
  return isForAll(said) && verdict?.code === "jump" && verdict.chain === chain;
}

/** Whether a rule drops or refuses all packets. */
export const dropsAll = (said: Said): boolean => isForAll(said) && verdictOf(said)?.code === "drop";

/** Whether a rule accepts exactly the packets that meet `conditions`. */
export const accepts = (said: Said, conditions: Said): boolean =>
  verdictOf(said)?.code === "accept" && Bun.deepEquals(decisive(said).slice(0, -1), conditions);
