/** Rules as the kernel keeps them: expressions in a chain, known by a handle (enum nft_rule_attributes). */
import { attr, attrs, cstring, type Infer, type InferInput, message, u32be, u64be } from "../codec/index.ts";
import { NLM_F } from "../message/header.ts";
import { dump, type Query, query, type Request } from "../message/request.ts";
import { Expressions } from "./expression/index.ts";
import { header, nested } from "./nfnetlink.ts";
import { inBatch, NFT_MSG, operation } from "./requests.ts";
import { RuleUserdata } from "./userdata.ts";

export const Rule = message(header, () => ({
  table: attr(1, cstring),
  chain: attr(2, cstring),
  /** Given by the kernel; unique in its table. */
  handle: attr(3, u64be),
  expressions: nested(4, Expressions),
  /** Of rules made by iptables-nft (enum nft_rule_compat_attributes). */
  compat: nested(
    5,
    attrs(() => ({ proto: attr(1, u32be), flags: attr(2, u32be) })),
  ),
  /** The handle of the rule before it; in a request the one to append behind, or to insert before. */
  position: attr(6, u64be),
  userdata: attr(7, RuleUserdata),
  /** A name for use within one transaction. */
  id: attr(9, u32be),
  positionId: attr(10, u32be),
  chainId: attr(11, u32be),
}));
export type Rule = Infer<typeof Rule>;
export type RuleInput = InferInput<typeof Rule>;

const named = (does: string, { family, table, chain, handle }: RuleInput): string =>
  operation(`rule.${does}`, family, table, chain, handle === undefined ? undefined : `handle ${handle}`);

const change = (word: string, type: number, flags: number, rule: RuleInput): Request =>
  inBatch(named(word, rule), type, flags, Rule, rule);

/** Puts a rule at the end of its chain, or behind the one at `position`. */
export const appendRule = (rule: RuleInput): Request =>
  change("append", NFT_MSG.newrule, NLM_F.create | NLM_F.append, rule);

/** Puts a rule at the beginning of its chain, or before the one at `position`. */
export const insertRule = (rule: RuleInput): Request => change("insert", NFT_MSG.newrule, NLM_F.create, rule);

/** Puts a rule in the place of the one with its handle. */
export const replaceRule = (rule: RuleInput): Request =>
  change("replace", NFT_MSG.newrule, NLM_F.replace, rule);

/** Removes the rule with this handle. Refused with `ENOENT` when there is none. */
export const deleteRule = (rule: RuleInput & { readonly handle: bigint }): Request =>
  change("delete", NFT_MSG.delrule, 0, rule);

/** Removes the rule with this handle, if it is there (Linux 6.3). */
export const destroyRule = (rule: RuleInput & { readonly handle: bigint }): Request =>
  change("destroy", NFT_MSG.destroyrule, 0, rule);

/** Removes all rules of a chain, or of all chains of a table when `chain` is left out. */
export const flushRules = (of: Pick<RuleInput, "family" | "table" | "chain">): Request =>
  change("flush", NFT_MSG.delrule, 0, of);

/** Asks for a rule by table, chain and handle. */
export const getRule = (rule: RuleInput & { readonly handle: bigint }): Query<Rule> =>
  query(named("get", rule), NFT_MSG.getrule, Rule, rule, Rule);

/** Asks for all rules, of one family, table or chain if given, in their order. */
export const listRules = (of: Pick<RuleInput, "family" | "table" | "chain"> = {}): Query<Rule> =>
  dump(named("list", of), NFT_MSG.getrule, Rule, of, Rule);
