/**
 * Requests about filters, which choose packets and act on them: RTM_*TFILTER (linux/rtnetlink.h; net/sched/cls_api.c of
 * the kernel). Nothing is sent here.
 */
import {
  attr,
  byKind,
  cstring,
  type Infer,
  type InferInput,
  message,
  oneOf,
  u16,
  u16be,
  u32,
} from "../../codec/index.ts";
import { NLM_F } from "../../message/header.ts";
import { change, dump, type Query, query, type Request } from "../../message/request.ts";
import { RTM } from "../names.ts";
import { filterKinds } from "./filter/index.ts";
import { trafficHeader, trafficRows } from "./traffic.ts";

export const Filter = message(
  {
    ...trafficHeader,
    /** Of a filter it is a number, whose meaning its kind knows. */
    handle: u32,
    /** EtherType of the packets; network order on the wire. */
    protocol: oneOf(u16be, {
      all: 0x0003,
      ip: 0x0800,
      arp: 0x0806,
      "802.1q": 0x8100,
      ipv6: 0x86dd,
      "802.1ad": 0x88a8,
    }),
    /** The lowest is asked first; 0 in a request: the kernel chooses one. All filters of one have the same kind. */
    prio: u16,
  },
  () => ({
    kind: attr(1, cstring),
    options: byKind(2, "kind", filterKinds),
    ...trafficRows(),
  }),
);
/**
 * A filter as the kernel tells of it. Lists have more than filters: before those of a priority it tells the priority, with
 * the handle 0, and before those of `u32` their tables, whose handles end in 20 bits of zeros.
 */
export type Filter = Infer<typeof Filter>;
/** A filter in a request: `index`, `parent`, `protocol` and `prio` say where it is. */
export type FilterInput = InferInput<typeof Filter> & { index: number };

const nameOf = ({ kind, prio, parent, index }: FilterInput): string =>
  [
    kind ?? "any",
    `dev ${index}`,
    ...(parent ? [`parent ${parent}`] : []),
    ...(prio ? [`prio ${prio}`] : []),
  ].join(" ");

const makeFilter = (word: string, flags: number, filter: FilterInput): Request =>
  change(`filter.${word} ${nameOf(filter)}`, RTM.newtfilter, flags, Filter, filter);

/**
 * Adds a filter: `tc filter add`.
 *
 *     addFilter({ index: 3, parent: "ffff:", protocol: "all", prio: 1, kind: "u32",
 *       options: { sel: everyPacket, act: [redirectTo(7)] } })
 *
 * @returns a request refused with `EEXIST` when there is one with the same handle
 */
export const addFilter = (filter: FilterInput): Request =>
  makeFilter("add", NLM_F.create | NLM_F.exclusive, filter);

/** Adds a filter, or changes the one with the same handle: `tc filter replace`. Without a handle it always adds. */
export const replaceFilter = (filter: FilterInput): Request => makeFilter("replace", NLM_F.create, filter);

/** Changes a filter that is there: `tc filter change`. @returns a request refused with `ENOENT` otherwise */
export const changeFilter = (filter: FilterInput): Request => makeFilter("change", 0, filter);

/** Which filters: all of a parent, all of a priority there, or the one with a handle. */
export interface SomeFilters {
  readonly index: number;
  readonly parent: string;
  readonly protocol?: FilterInput["protocol"];
  readonly prio?: number;
  readonly handle?: number;
  readonly kind?: FilterInput["kind"];
}

/** Deletes filters: `tc filter delete`. @returns a request refused with `ENOENT` when there are none, `EINVAL` without the parent */
export function deleteFilters(which: SomeFilters): Request {
  return change(
    `filter.delete ${nameOf(which as FilterInput)}`,
    RTM.deltfilter,
    0,
    Filter,
    which as FilterInput,
  );
}

/** Asks for one filter by its parent, priority, kind and handle: `tc filter get`. @returns a query refused with `ENOENT` */
export function getFilter(which: Required<SomeFilters>): Query<Filter> {
  const body = which as FilterInput;
  return query(`filter.get ${nameOf(body)}`, RTM.gettfilter, Filter, body, Filter, NLM_F.echo);
}

/** Asks for the filters of a parent on a link: `tc filter show dev … parent …`. */
export function listFilters(filter: { index: number; parent: string }): Query<Filter> {
  return dump("filter.list", RTM.gettfilter, Filter, filter, Filter);
}
