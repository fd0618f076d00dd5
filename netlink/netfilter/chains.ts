/** Chains: lists of rules; base chains stand in the way of packets (enum nft_chain_attributes). */
import {
  attr,
  attrs,
  cstring,
  flags,
  type Infer,
  type InferInput,
  message,
  oneOf,
  repeated,
  s32be,
  u32be,
  u64be,
} from "../codec/index.ts";
import { NLM_F } from "../message/header.ts";
import { dump, type Query, query, type Request } from "../message/request.ts";
import { Counter } from "./expression/counter.ts";
import { type FamilyName, header, nested } from "./nfnetlink.ts";
import { inBatch, NFT_MSG, operation } from "./requests.ts";
import { ChainUserdata } from "./userdata.ts";

/** Where a base chain of family inet, ip, ip6 or bridge stands (enum nf_inet_hooks). */
export const hooks = { prerouting: 0, input: 1, forward: 2, output: 3, postrouting: 4, ingress: 5 } as const;
/** Where a base chain of family netdev stands (enum nf_dev_hooks). */
export const deviceHooks = { ingress: 0, egress: 1 } as const;

/** The usual priorities of base chains, lowest first to see a packet (enum nf_ip_hook_priorities). */
export const priorities = {
  raw: -300,
  mangle: -150,
  dstnat: -100,
  filter: 0,
  security: 50,
  srcnat: 100,
} as const;

/** enum nft_hook_attributes. */
export const Hook = attrs(() => ({
  /** One of `hooks`, or of `deviceHooks`. */
  hooknum: attr(1, u32be),
  priority: attr(2, s32be),
  /** The interface of a netdev chain that has but one. */
  dev: attr(3, cstring),
  devs: nested(
    4,
    attrs(() => ({ name: repeated(1, cstring), prefix: repeated(2, cstring) })),
  ),
}));

export const Chain = message(header, () => ({
  table: attr(1, cstring),
  handle: attr(2, u64be),
  name: attr(3, cstring),
  /** Makes it a base chain; `type` and, mostly, `policy` go with it. */
  hook: nested(4, Hook),
  /** What becomes of packets that no rule decided on. */
  policy: attr(5, oneOf(u32be, { drop: 0, accept: 1 })),
  /** How many rules and other things refer to it. */
  use: attr(6, u32be),
  /** `filter`, `nat` or `route`. */
  type: attr(7, cstring),
  counters: nested(8, Counter),
  flags: attr(10, flags(u32be, { base: 1, hwOffload: 2, binding: 4 })),
  /** A name for use within one transaction. */
  id: attr(11, u32be),
  userdata: attr(12, ChainUserdata),
}));
export type Chain = Infer<typeof Chain>;
export type ChainInput = InferInput<typeof Chain>;

const named = (does: string, { family, table, name }: ChainInput): string =>
  operation(`chain.${does}`, family, table, name);

const change = (word: string, type: number, flags: number, chain: ChainInput): Request =>
  inBatch(named(word, chain), type, flags, Chain, chain);

/** Makes a chain, or sets the policy of one that is there. */
export const addChain = (chain: ChainInput): Request => change("add", NFT_MSG.newchain, NLM_F.create, chain);

/** Makes a chain. Refused with `EEXIST` when there is one. */
export const createChain = (chain: ChainInput): Request =>
  change("create", NFT_MSG.newchain, NLM_F.create | NLM_F.exclusive, chain);

/** Removes a chain. Refused with `ENOENT` when there is none, `EBUSY` while rules lead to it. */
export const deleteChain = (chain: ChainInput): Request => change("delete", NFT_MSG.delchain, 0, chain);

/** Removes a chain, if it is there (Linux 6.3). */
export const destroyChain = (chain: ChainInput): Request => change("destroy", NFT_MSG.destroychain, 0, chain);

/** Asks for a chain by table and name. */
export const getChain = (chain: ChainInput): Query<Chain> =>
  query(named("get", chain), NFT_MSG.getchain, Chain, chain, Chain);

/** Asks for all chains, of one family if given. The kernel cannot pick out those of one table. */
export const listChains = (family: FamilyName = "unspec"): Query<Chain> =>
  dump(operation("chain.list", family), NFT_MSG.getchain, Chain, { family }, Chain);
