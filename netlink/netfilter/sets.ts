/** Sets, maps and verdict maps: what rules look values up in (enum nft_set_attributes). */
import {
  attr,
  attrs,
  cstring,
  flags,
  type Infer,
  type InferInput,
  message,
  oneOf,
  u32be,
  u64be,
} from "../codec/index.ts";
import { NLM_F } from "../message/header.ts";
import { dump, type Query, query, type Request } from "../message/request.ts";
import { type Datatype, VERDICT_TYPE } from "./datatype.ts";
import { Expression, Expressions } from "./expression/index.ts";
import { header, nested, nestedList } from "./nfnetlink.ts";
import { inBatch, NFT_MSG, operation } from "./requests.ts";
import { SetUserdata } from "./userdata.ts";

/** enum nft_set_flags. */
export const setFlags = {
  anonymous: 1,
  /** Its elements do not change while a rule uses it. */
  constant: 2,
  interval: 4,
  map: 8,
  timeout: 16,
  /** Rules may add elements. */
  eval: 32,
  object: 64,
  concat: 128,
  expr: 256,
} as const;

/** A set or map. (Not named `Set`, which JavaScript has.) */
export const NftSet = message(header, () => ({
  table: attr(1, cstring),
  name: attr(2, cstring),
  flags: attr(3, flags(u32be, setFlags)),
  /** The number of the keys' datatype. */
  keyType: attr(4, u32be),
  /** In bytes, as all lengths here. */
  keyLen: attr(5, u32be),
  dataType: attr(6, u32be),
  dataLen: attr(7, u32be),
  policy: attr(8, oneOf(u32be, { performance: 0, memory: 1 })),
  desc: nested(
    9,
    attrs(() => ({
      /** The most elements that it may have. */
      size: attr(1, u32be),
      /** The lengths of the parts of a concatenation, needed for ranges of them. */
      concat: nested(2, nestedList(attrs(() => ({ len: attr(1, u32be) })))),
    })),
  ),
  /** A name for use within one transaction. The kernel wants one of every new set. */
  id: attr(10, u32be),
  /** How long elements live unless they say otherwise, in milliseconds. */
  timeout: attr(11, u64be),
  /** How often elements that have outlived it are collected, in milliseconds. */
  gcInterval: attr(12, u32be),
  userdata: attr(13, SetUserdata),
  objType: attr(15, u32be),
  handle: attr(16, u64be),
  expr: nested(17, Expression),
  expressions: nested(18, Expressions),
  /** The structure that the kernel chose, as newer ones tell it: its symbol, or an address that says nothing. */
  type: attr(19, cstring),
  /** How many elements it has, as newer kernels tell. */
  count: attr(20, u32be),
}));
export type NftSet = Infer<typeof NftSet>;
export type NftSetInput = InferInput<typeof NftSet>;

const byteorders = { none: 0, host: 1, network: 2 } as const;

/** What keys, and data if it is a map, are made of; `flags` besides those that follow from that. */
export interface SetTypes {
  readonly key: Datatype<unknown>;
  /** Makes it a map, or a verdict map. */
  readonly data?: Datatype<unknown> | "verdict";
  readonly flags?: readonly (keyof typeof setFlags)[];
  readonly comment?: string;
}

/**
 * The part of a set that says what is in it, with what `nft list` needs to print that well:
 *
 *     addSet({ family: "inet", table: "t", name: "s", ...setOf({ key: ipv4Addr, flags: ["interval"] }) })
 */
export function setOf({ key, data, flags = [], comment }: SetTypes) {
  const ranges = flags.includes("interval") && key.parts !== undefined;
  const type = data === "verdict" ? { number: VERDICT_TYPE, size: 0, byteorder: "none" as const } : data;
  return {
    flags: [...flags, ...(type ? (["map"] as const) : []), ...(ranges ? (["concat"] as const) : [])],
    keyType: key.number,
    keyLen: key.size,
    ...(type && { dataType: type.number, dataLen: type.size }),
    ...(ranges && { desc: { concat: key.parts.map((len) => ({ len })) } }),
    userdata: {
      keyByteorder: byteorders[key.byteorder],
      ...(type && { dataByteorder: byteorders[type.byteorder] }),
      ...(comment !== undefined && { comment }),
    },
  } satisfies NftSetInput;
}

const named = (does: string, { family, table, name }: NftSetInput): string =>
  operation(`set.${does}`, family, table, name);

const change = (word: string, type: number, flags: number, set: NftSetInput): Request =>
  inBatch(named(word, set), type, flags, NftSet, set);

// An id is obligatory. It tells sets without names apart; those with names may all have the same.
const make = (word: string, flags: number, set: NftSetInput): Request =>
  change(word, NFT_MSG.newset, flags, { ...set, id: set.id ?? 1 });

/** Makes a set, or leaves one as it is that has the same types. Refused with `EEXIST` when they differ. */
export const addSet = (set: NftSetInput): Request => make("add", NLM_F.create, set);

/** Makes a set. Refused with `EEXIST` when there is one. */
export const createSet = (set: NftSetInput): Request => make("create", NLM_F.create | NLM_F.exclusive, set);

/** Removes a set with its elements. Refused with `ENOENT` when there is none, `EBUSY` while a rule uses it. */
export const deleteSet = (set: NftSetInput): Request => change("delete", NFT_MSG.delset, 0, set);

/** Removes a set with its elements, if it is there (Linux 6.3). */
export const destroySet = (set: NftSetInput): Request => change("destroy", NFT_MSG.destroyset, 0, set);

/** Asks for a set by table and name. */
export const getSet = (set: NftSetInput): Query<NftSet> =>
  query(named("get", set), NFT_MSG.getset, NftSet, set, NftSet);

/** Asks for all sets and maps, of one family or table if given, without their elements. */
export const listSets = (of: Pick<NftSetInput, "family" | "table"> = {}): Query<NftSet> =>
  dump(named("list", of), NFT_MSG.getset, NftSet, of, NftSet);
