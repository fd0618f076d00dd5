/**
 * Requests about queueing disciplines, which decide when packets leave a link: RTM_*QDISC (linux/rtnetlink.h;
 * net/sched/sch_api.c of the kernel). Nothing is sent here: give a request to `Client.do`, a query to `get` or `list`.
 */
import { attr, byKind, cstring, type Infer, type InferInput, message, u32 } from "../../codec/index.ts";
import { NLM_F } from "../../message/header.ts";
import { change, dump, type Query, query, type Request } from "../../message/request.ts";
import { RTM } from "../names.ts";
import { qdiscKinds } from "./qdisc/index.ts";
import { trafficHeader, trafficRows } from "./traffic.ts";

export const Qdisc = message(
  {
    ...trafficHeader,
    /** Only in replies: how many use it. */
    refcnt: u32,
  },
  () => ({
    /** `tbf`, `ingress`, or `otherKind("sfq")`. */
    kind: attr(1, cstring),
    options: byKind(2, "kind", qdiscKinds),
    ...trafficRows(),
  }),
);
/** A queueing discipline as the kernel tells of it. */
export type Qdisc = Infer<typeof Qdisc>;
/** A queueing discipline in a request. What `listQdiscs` gave fits as well. */
export type QdiscInput = InferInput<typeof Qdisc> & { index: number };

const nameOf = ({ kind, handle, parent, index }: QdiscInput): string =>
  [kind ?? handle ?? "any", `dev ${index}`, ...(parent === undefined ? [] : [`parent ${parent}`])].join(" ");

const makeQdisc = (word: string, flags: number, qdisc: QdiscInput): Request =>
  change(`qdisc.${word} ${nameOf(qdisc)}`, RTM.newqdisc, flags, Qdisc, qdisc);

/**
 * Adds a queueing discipline: `tc qdisc add`.
 *
 *     addQdisc({ index: 3, parent: "root", handle: "1:", kind: "tbf", options: tokenBucket(bucket, USUAL_TICKS) })
 *     addQdisc({ index: 3, parent: hooks.qdisc, handle: "ffff:", kind: "ingress" })
 *
 * @returns a request refused with `EEXIST` when there is one already that somebody asked for, `ENOENT` when the kernel
 * does not have the kind
 */
export const addQdisc = (qdisc: QdiscInput): Request =>
  makeQdisc("add", NLM_F.create | NLM_F.exclusive, qdisc);

/** Adds a queueing discipline, or puts it in the place of another, or changes it: `tc qdisc replace`. */
export const replaceQdisc = (qdisc: QdiscInput): Request =>
  makeQdisc("replace", NLM_F.create | NLM_F.replace, qdisc);

/** Changes options of a queueing discipline that is there: `tc qdisc change`. @returns a request refused with `ENOENT` otherwise */
export const changeQdisc = (qdisc: QdiscInput): Request => makeQdisc("change", 0, qdisc);

/** Which queueing discipline of a link: `parent` is `root` or `hooks.qdisc`, or the class in which it is. */
export interface OneQdisc {
  readonly index: number;
  readonly parent: string;
  readonly handle?: string;
}

/**
 * Deletes a queueing discipline, with its classes and filters: `tc qdisc delete`.
 * @returns a request refused with `ENOENT` when there is none that somebody asked for, `EINVAL` when it has another handle
 */
export function deleteQdisc(qdisc: OneQdisc): Request {
  return change(`qdisc.delete ${nameOf(qdisc)}`, RTM.delqdisc, 0, Qdisc, qdisc);
}

/**
 * Asks for one queueing discipline. Of a link that is down the kernel tells nothing, and only `find` takes that for an answer.
 * @returns a query refused with `ENOENT` when there is none, `EINVAL` when it has another handle
 */
export function getQdisc(qdisc: OneQdisc): Query<Qdisc> {
  // Kernels before 6.6 tell the multicast group, and who asks only for an echo. Where there is nothing to tell, only the
  // ack ends the waiting.
  return query(`qdisc.get ${nameOf(qdisc)}`, RTM.getqdisc, Qdisc, qdisc, Qdisc, NLM_F.echo | NLM_F.ack);
}

/**
 * Asks for the queueing disciplines of all links: `tc qdisc show`. The kernel does not look for those of one link.
 * @param filter.dumpInvisible also those that the kernel made and does not show otherwise
 */
export function listQdiscs(filter: { dumpInvisible?: true } = {}): Query<Qdisc> {
  return dump("qdisc.list", RTM.getqdisc, Qdisc, filter, Qdisc);
}
