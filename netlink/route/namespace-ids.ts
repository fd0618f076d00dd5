/**
 * Ids of network namespaces: the numbers by which one namespace speaks of another, such as a link's `linkNetnsid`.
 * struct rtgenmsg and NETNSA_* (linux/net_namespace.h; net/core/net_namespace.c of the kernel). Nothing is sent here.
 */
import { attr, type Infer, type InferInput, message, s32, u32 } from "../codec/index.ts";
import { change, dump, type Query, query, type Request } from "../message/request.ts";
import { Family, RTM } from "./names.ts";

export const NamespaceId = message({ family: Family }, () => ({
  /** The id in the namespace that is asked; -1 for none, or in a request for one that the kernel chooses. */
  nsid: attr(1, s32),
  /** In requests: the namespace of this process. */
  pid: attr(2, u32),
  /** In requests: the namespace open as this file descriptor. */
  fd: attr(3, u32),
  /** In a question: the id of the namespace whose ids are meant. */
  targetNsid: attr(4, s32),
  /** With `targetNsid`: the id in the namespace that is asked. */
  currentNsid: attr(5, s32),
}));
/** A namespace's id as the kernel tells of it. */
export type NamespaceId = Infer<typeof NamespaceId>;

/** One namespace: by a process in it, an open file descriptor, or the id that it has here. */
export type OneNamespace = { pid: number } | { fd: number } | { nsid: number };

const nameOf = (namespace: InferInput<typeof NamespaceId>): string =>
  (["pid", "fd", "nsid"] as const)
    .filter((key) => namespace[key] !== undefined)
    .map((key) => `${key} ${namespace[key]}`)
    .join(" ");

/**
 * Gives another namespace an id in this one, for good: `ip netns set`.
 * @param namespace `nsid` is chosen by the kernel unless given
 * @returns a request refused with `EEXIST` when it has one, `ENOSPC` when the id is taken, `EBADF` and `ESRCH` for a bad
 * file descriptor or process
 */
export function setNamespaceId(namespace: ({ pid: number } | { fd: number }) & { nsid?: number }): Request {
  const body = { ...namespace, nsid: namespace.nsid ?? -1 };
  return change(`namespaceId.set ${nameOf(body)}`, RTM.newnsid, 0, NamespaceId, body);
}

/** Asks for the id of a namespace. Its `nsid` is -1 when it has none. */
export function getNamespaceId(namespace: OneNamespace & { targetNsid?: number }): Query<NamespaceId> {
  return query(`namespaceId.get ${nameOf(namespace)}`, RTM.getnsid, NamespaceId, namespace, NamespaceId);
}

/** Asks for all ids that this namespace, or the one with the id `targetNsid`, has given: `ip netns list-id`. */
export function listNamespaceIds(filter: { targetNsid?: number } = {}): Query<NamespaceId> {
  return dump("namespaceId.list", RTM.getnsid, NamespaceId, filter, NamespaceId);
}
