/**
 * Ports that only some packets find. Networks with the same conditions share two maps of ports in each family, and the
 * rules before them, in a chain of the table; a port is an element there as anywhere.
 */
import type { Request } from "../../../netlink/message/request.ts";
import { elementsOf } from "../../../netlink/netfilter/elements.ts";
import type { Expression } from "../../../netlink/netfilter/expression/index.ts";
import { getGeneration } from "../../../netlink/netfilter/generation.ts";
import { batch } from "../../../netlink/netfilter/nfnetlink.ts";
import { appendRule, deleteRule, listRules, type Rule } from "../../../netlink/netfilter/rules.ts";
import { createSet, deleteSet, setOf } from "../../../netlink/netfilter/sets.ts";
import { hashOf } from "../owner.ts";
import type { Side } from "../side.ts";
import { ifThere, refusedWith } from "./absent.ts";
import { CONDITIONS, ofFamily, publishedPorts } from "./layout.ts";
import { type ConditionalSet, conditionalSets, sets, TABLE } from "./sets.ts";
import { makeTogether } from "./transactions.ts";

/** What packets of a family have to meet. */
export interface Condition {
  readonly family: 4 | 6;
  /** What stands behind the names of its sets. */
  readonly name: string;
  /** As it was written, for people. */
  readonly text: string;
  /** Tests: a packet that passes one of these lists meets the condition. */
  readonly alternatives: readonly (readonly Expression[])[];
}

/** The name for a condition: the same for the same words. */
export const conditionName = (family: 4 | 6, words: readonly string[]): string =>
  hashOf(`${family} ${JSON.stringify(words)}`);

/** Comments of rules are read by nft up to 128 bytes, without quotation marks. */
const commentOf = ({ text }: Condition): string => text.replace(/[^ -!#-~]/g, "").slice(0, 128);

function rulesOf(condition: Condition): Request[] {
  const { family, name, alternatives } = condition;
  const userdata = { comment: commentOf(condition) };
  return publishedPorts(family, `_${name}`).flatMap((lookup) =>
    alternatives.map((tests) =>
      appendRule({
        ...TABLE,
        chain: CONDITIONS,
        expressions: [...ofFamily(family), ...tests, ...lookup],
        userdata,
      }),
    ),
  );
}

const setsOf = ({ family, name }: Condition): ConditionalSet[] => [
  `hostports${family}_${name}`,
  `anyports${family}_${name}`,
];

function make(host: Side, condition: Condition): void {
  const { family } = condition;
  const { family: tableFamily, table } = TABLE;
  const kinds = [sets[`hostports${family}`], sets[`anyports${family}`]] as const;
  const made = setsOf(condition).map((name, index) =>
    createSet({ family: tableFamily, table, name, id: index + 1, ...setOf(kinds[index]!) }),
  );
  makeTogether(host.netfilter, [...made, ...rulesOf(condition)]);
}

/** Makes what the conditions need, as far as it is not there. @throws KernelError, CniError */
export function makeConditional(host: Side, conditions: readonly Condition[]): void {
  for (const condition of conditions) make(host, condition);
}

function rulesThere(host: Side): Rule[] {
  const there = ifThere(() => host.netfilter.list(listRules({ ...TABLE, chain: CONDITIONS }))) ?? [];
  return [...new Map(there.map((rule) => [rule.handle, rule])).values()];
}

/** Whether a rule looks its ports up in one of these sets. */
const uses = ({ expressions = [] }: Rule, names: readonly string[]): boolean =>
  expressions.some(({ name, data }) => name === "lookup" && names.includes(data?.set ?? ""));

export function conditionalDifferences(host: Side, conditions: readonly Condition[]): string[] {
  if (conditions.length === 0) return [];
  const rules = rulesThere(host);
  return conditions.flatMap((condition) => {
    const there = rules.filter((rule) => uses(rule, setsOf(condition))).length;
    const wanted = 2 * condition.alternatives.length;
    return there >= wanted ? [] : [`the condition "${condition.text}" has ${there} of ${wanted} rules`];
  });
}

const isEmpty = (host: Side, set: ConditionalSet): boolean =>
  elementsOf(host.netfilter, { ...TABLE, set }).length === 0;

/** Removes the sets and rules of conditions that no port has any more. One that gets a port at this moment stays. */
export function removeUnused(host: Side): void {
  try {
    const generation = host.netfilter.get(getGeneration()).id;
    const names = conditionalSets(host);
    const pairOf = (name: string): string[] => names.filter((each) => each.slice(-9) === name.slice(-9));
    const empty = new Set(names.filter((name) => isEmpty(host, name)));
    const unused = names.filter((name) => pairOf(name).every((each) => empty.has(each as ConditionalSet)));
    if (unused.length === 0) return;
    const { family, table } = TABLE;
    const rules = rulesThere(host).filter((rule) => uses(rule, unused));
    const removals = [
      ...rules.map(({ handle = 0n }) => deleteRule({ ...TABLE, chain: CONDITIONS, handle })),
      ...unused.map((name) => deleteSet({ family, table, name })),
    ];
    host.netfilter.transact(batch(removals, generation));
  } catch (error) {
    // Others are at work: whoever removes the last port next looks again.
    if (!refusedWith(error, "ERESTART") && !refusedWith(error, "ENOENT")) throw error;
  }
}
