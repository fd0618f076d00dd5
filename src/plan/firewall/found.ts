/** Elements that the kernel has: found by key or by owner, and deleted. */
import type { Request } from "../../../netlink/message/request.ts";
import { deleteElements, type Element, elementsOf, getElement } from "../../../netlink/netfilter/elements.ts";
import { batch } from "../../../netlink/netfilter/nfnetlink.ts";
import type { Side } from "../side.ts";
import { ifThere, refusedWith } from "./absent.ts";
import { readComment, type Said } from "./comments.ts";
import { removeUnused } from "./conditional.ts";
import { asLists, type Entry } from "./entries.ts";
import { forgetFlows, portIn } from "./flows.ts";
import { type AnySet, isConditional, type Role, setsFor, TABLE } from "./sets.ts";

/** An element of one of our sets, and what its comment says. */
export interface Found {
  readonly set: AnySet;
  readonly element: Element;
  readonly said: Said | undefined;
}

/** The element that the kernel has under an entry's key. */
export function elementAt(host: Side, { set, key }: Pick<Entry, "set" | "key">): Found | undefined {
  const element = ifThere(() => host.netfilter.find(getElement({ ...TABLE, set }, key)))?.elements?.[0];
  return element && { set, element, said: readComment(element.userdata?.comment) };
}

/** Every element of the sets for these roles that belongs to an owner that `wanted` picks. */
export const elementsOwned = (
  host: Side,
  roles: readonly Role[],
  wanted: (owner: string) => boolean,
): Found[] =>
  setsFor(host, roles).flatMap((set) =>
    (ifThere(() => elementsOf(host.netfilter, { ...TABLE, set })) ?? [])
      .map((element): Found => ({ set, element, said: readComment(element.userdata?.comment) }))
      .filter(({ said }) => said !== undefined && wanted(said.owner)),
  );

export const keyOf = ({ element }: Found): Entry["key"] => ({
  value: element.key?.value ?? new Uint8Array(),
});

/** What deletes elements, as parts of a transaction. */
export const deletions = (found: readonly Found[]): Request[] =>
  asLists(
    found.map((each) => {
      const { keyEnd } = each.element;
      return { set: each.set, key: keyOf(each), ...(keyEnd && { keyEnd }) };
    }),
  ).map(deleteElements);

/** Deletes elements; one that another call deletes at the same moment does not keep the others. */
function deleteAll(host: Side, found: readonly Found[]): void {
  if (found.length === 0) return;
  try {
    host.netfilter.transact(batch(deletions(found)));
  } catch (error) {
    if (!refusedWith(error, "ENOENT")) throw error;
    const left = found.filter((each) => elementAt(host, { set: each.set, key: keyOf(each) }) !== undefined);
    if (left.length === found.length) throw error;
    deleteAll(host, left);
  }
}

/**
 * Deletes elements, and then what the kernel remembers of UDP flows to the ports among them, and the sets of conditions
 * that no port has any more.
 */
export function deleteFound(host: Side, found: readonly Found[]): void {
  deleteAll(host, found);
  if (found.some(({ set }) => isConditional(set))) removeUnused(host);
  forgetFlows(
    host,
    found.flatMap((each) => portIn(each.set, keyOf(each)) ?? []),
  );
}
