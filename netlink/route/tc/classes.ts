/**
 * Requests about classes, in which some queueing disciplines put packets: RTM_*TCLASS (linux/rtnetlink.h;
 * net/sched/sch_api.c of the kernel). Nothing is sent here.
 */
import { attr, byKind, cstring, type Infer, type InferInput, message } from "../../codec/index.ts";
import { NLM_F } from "../../message/header.ts";
import { change, dump, type Query, type Request } from "../../message/request.ts";
import { RTM } from "../names.ts";
import { handle } from "./handle.ts";
import { classKinds } from "./qdisc/index.ts";
import { trafficHeader, trafficRows } from "./traffic.ts";

export const TrafficClass = message(
  {
    ...trafficHeader,
    /** Only in replies: the queueing discipline in the class. */
    leaf: handle,
  },
  () => ({
    kind: attr(1, cstring),
    options: byKind(2, "kind", classKinds),
    ...trafficRows(),
  }),
);
/** A class as the kernel tells of it. */
export type TrafficClass = Infer<typeof TrafficClass>;
/** A class in a request: `index`, `parent` and `handle` (`1:10`) say where it is. */
export type TrafficClassInput = InferInput<typeof TrafficClass> & { index: number };

const nameOf = ({ kind, handle, parent, index }: TrafficClassInput): string =>
  [kind ?? "any", handle ?? "new", `dev ${index}`, ...(parent ? [`parent ${parent}`] : [])].join(" ");

const makeClass = (word: string, flags: number, given: TrafficClassInput): Request =>
  change(`class.${word} ${nameOf(given)}`, RTM.newtclass, flags, TrafficClass, given);

/** Adds a class: `tc class add`. @returns a request refused with `EEXIST` when the handle is taken */
export const addClass = (given: TrafficClassInput): Request =>
  makeClass("add", NLM_F.create | NLM_F.exclusive, given);

/** Adds a class, or changes the one with the same handle: `tc class replace`. */
export const replaceClass = (given: TrafficClassInput): Request =>
  makeClass("replace", NLM_F.create | NLM_F.replace, given);

/** Changes a class that is there: `tc class change`. @returns a request refused with `ENOENT` otherwise */
export const changeClass = (given: TrafficClassInput): Request => makeClass("change", 0, given);

/** Deletes a class: `tc class delete`. @returns a request refused with `EBUSY` while filters lead to it or it has children */
export function deleteClass(given: { index: number; handle: string; parent?: string }): Request {
  return change(`class.delete ${nameOf(given)}`, RTM.deltclass, 0, TrafficClass, given);
}

/** Asks for the classes of a link, or of one class of it: `tc class show dev`. */
export function listClasses(filter: { index: number; parent?: string }): Query<TrafficClass> {
  return dump("class.list", RTM.gettclass, TrafficClass, filter, TrafficClass);
}
