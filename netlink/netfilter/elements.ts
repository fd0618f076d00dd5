/** Elements of sets and maps (enum nft_set_elem_attributes, enum nft_set_elem_list_attributes). */
import {
  asym,
  attr,
  attrs,
  cstring,
  flags,
  type Infer,
  type InferInput,
  indexed,
  message,
  u32be,
  u64be,
} from "../codec/index.ts";
import { ProtocolError } from "../errors.ts";
import type { Client } from "../message/client.ts";
import { NLM_F } from "../message/header.ts";
import { dump, type Query, query, type Request } from "../message/request.ts";
import { Data } from "./data.ts";
import { Expression, Expressions } from "./expression/index.ts";
import { header, nested, nestedList } from "./nfnetlink.ts";
import { inBatch, NFT_MSG, operation } from "./requests.ts";
import { ElementUserdata } from "./userdata.ts";

export const Element = attrs(() => ({
  key: nested(1, Data),
  /** What a map maps the key to. */
  data: nested(2, Data),
  /** `intervalEnd`: the first value behind an interval. `catchall`: stands for all keys that are not there. */
  flags: attr(3, flags(u32be, { intervalEnd: 1, catchall: 2 })),
  /** How long it lives, in milliseconds; 0 for ever. */
  timeout: attr(4, u64be),
  /** How long it still has, in milliseconds. */
  expiration: attr(5, u64be),
  userdata: attr(6, ElementUserdata),
  expr: nested(7, Expression),
  objref: attr(9, cstring),
  /** The last key of a range of concatenations, which begins at `key`. */
  keyEnd: nested(10, Data),
  expressions: nested(11, Expressions),
}));
export type Element = Infer<typeof Element>;

/** Elements of one set. Requests number them, the kernel does not. */
export const ElementList = message(header, () => ({
  table: attr(1, cstring),
  set: attr(2, cstring),
  elements: nested(3, asym(indexed(Element, 1, "toKernel"), nestedList(Element))),
  setId: attr(4, u32be),
}));
export type ElementList = Infer<typeof ElementList>;
export type ElementListInput = InferInput<typeof ElementList>;

/** The set that is meant. */
export type SetName = Pick<ElementListInput, "family" | "table" | "set">;

const named = (does: string, { family, table, set }: SetName): string =>
  operation(`element.${does}`, family, table, set);

const change = (word: string, type: number, flags: number, list: ElementListInput): Request =>
  inBatch(named(word, list), type, flags, ElementList, list);

/**
 * Adds elements, as many as fit 64 KiB (about 1,000 with comments). One that is there already with the same data stays
 * as it is; with other data it is refused with `EEXIST`.
 */
export const addElements = (list: ElementListInput): Request =>
  change("add", NFT_MSG.newsetelem, NLM_F.create, list);

/** Adds elements. Refused with `EEXIST` when one is there. */
export const createElements = (list: ElementListInput): Request =>
  change("create", NFT_MSG.newsetelem, NLM_F.create | NLM_F.exclusive, list);

/** Removes elements by their keys. Refused with `ENOENT` when one is not there. */
export const deleteElements = (list: ElementListInput): Request =>
  change("delete", NFT_MSG.delsetelem, 0, list);

/** Removes elements by their keys, if they are there (Linux 6.3). */
export const destroyElements = (list: ElementListInput): Request =>
  change("destroy", NFT_MSG.destroysetelem, 0, list);

/** Removes all elements of a set. */
export const flushElements = (of: SetName): Request => change("flush", NFT_MSG.delsetelem, 0, of);

/** Asks for the element of this key. Refused with `ENOENT` when it is not there. */
export const getElement = (of: SetName, key: Data): Query<ElementList> =>
  query(named("get", of), NFT_MSG.getsetelem, ElementList, { ...of, elements: [{ key }] }, ElementList);

/** Asks for all elements of a set: each answer holds some of them. `elementsOf` puts them together, and is safe. */
export const listElements = (of: SetName): Query<ElementList> =>
  dump(named("list", of), NFT_MSG.getsetelem, ElementList, of, ElementList);

/** What tells an element from the others of its set: an interval may begin where another ends. */
const identity = ({ key, flags }: Element): string => `${key?.value?.join()} ${flags?.join()}`;

/** How often elements are listed again when some came twice. */
const LIST_TRIES = 6;

/**
 * All elements of a set.
 *
 * While the kernel enlarges a set's hash table behind a large transaction, it goes on with a dump by counting elements
 * of another order: some come twice, as many not at all, and nothing says so (seen about once in ten dumps of 5,000
 * elements that had just been added; nft_set_hash.c, nft_rhash_walk). Therefore a list with doubles is asked for again.
 * @throws KernelError, or ProtocolError with code `EINTR` when it stayed inconsistent
 */
export function elementsOf(client: Client, of: SetName): Element[] {
  const query = listElements(of);
  for (let tries = 1; tries <= LIST_TRIES; tries++) {
    const elements = client.list(query).flatMap(({ elements }) => elements ?? []);
    if (new Set(elements.map(identity)).size === elements.length) return elements;
  }
  const said = `the set was rearranged during each of ${LIST_TRIES} tries: try again when less is going on`;
  throw new ProtocolError(query.operation, "EINTR", said);
}
