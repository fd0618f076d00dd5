/** Elements whose comment is the text of their owner: placed, looked up and deleted by it, in any of our sets. */
import type { Data } from "../../../netlink/netfilter/data.ts";
import {
  createElements,
  deleteElements,
  type Element,
  type ElementListInput,
  elementsOf,
  getElement,
  type SetName,
} from "../../../netlink/netfilter/elements.ts";
import { batch } from "../../../netlink/netfilter/nfnetlink.ts";
import type { Side } from "../side.ts";
import { ifThere, refusedWith } from "./absent.ts";
import { add } from "./transactions.ts";

/** A key in a set. */
export interface Place {
  readonly of: SetName;
  readonly key: Data;
}

interface Found {
  readonly of: SetName;
  readonly element: Element;
}

const listOf = ({ of, key }: Place, comment?: string): ElementListInput => ({
  ...of,
  elements: [{ key, ...(comment !== undefined && { userdata: { comment } }) }],
});

/** The element that the kernel has at a place; undefined where there is none, nor such a set. */
export function elementAt(host: Side, { of, key }: Place): Element | undefined {
  return ifThere(() => host.netfilter.find(getElement(of, key)))?.elements?.[0];
}

/** The owner's text of the element at a place. */
export const ownerAt = (host: Side, place: Place): string | undefined =>
  elementAt(host, place)?.userdata?.comment;

/** The sets of places, each once. */
function setsOf(places: readonly Place[]): SetName[] {
  const sets = new Map(places.map(({ of }) => [`${of.family} ${of.table} ${of.set}`, of]));
  return [...sets.values()];
}

/**
 * Adds elements, all or none. What somebody else owns at these places is taken over, since he had the address or the name
 * before; what an earlier call for the same owner left elsewhere in these sets goes.
 * @param makeLayout makes the sets, when they are not there
 */
export function place(host: Side, places: readonly Place[], owner: string, makeLayout: () => void): void {
  add(host, {
    requests: places.map((each) => createElements(listOf(each, owner))),
    makeRoom() {
      const own = ownedIn(host, setsOf(places), (text) => text === owner).map(keyOf);
      const ofOthers = places.filter((each) => {
        const element = elementAt(host, each);
        return element !== undefined && element.userdata?.comment !== owner;
      });
      return [...own, ...ofOthers].map((each) => deleteElements(listOf(each)));
    },
    makeLayout,
  });
}

/** The elements of sets whose owner `wanted` picks; none where there are no such sets. */
export function ownedIn(host: Side, sets: readonly SetName[], wanted: (owner: string) => boolean): Found[] {
  return sets.flatMap((of) =>
    (ifThere(() => elementsOf(host.netfilter, of)) ?? [])
      .filter(({ userdata }) => wanted(userdata?.comment ?? ""))
      .map((element) => ({ of, element })),
  );
}

/** How many elements of sets an owner has. */
export const countOwned = (
  host: Side,
  sets: readonly SetName[],
  wanted: (owner: string) => boolean,
): number => ownedIn(host, sets, wanted).length;

const keyOf = ({ of, element }: Found): Place => ({
  of,
  key: { value: element.key?.value ?? new Uint8Array() },
});

/** Deletes the elements whose owner `wanted` picks; again when another call deletes some at the same moment. */
export function deleteOwned(host: Side, sets: readonly SetName[], wanted: (owner: string) => boolean): void {
  const found = ownedIn(host, sets, wanted).map(keyOf);
  if (!deleteAt(host, found)) deleteOwned(host, sets, wanted);
}

/** Deletes all of these elements, or none when one is not there. @returns whether it did */
export function deleteAt(host: Side, places: readonly Place[]): boolean {
  if (places.length === 0) return true;
  try {
    host.netfilter.transact(batch(places.map((each) => deleteElements(listOf(each)))));
    return true;
  } catch (error) {
    if (refusedWith(error, "ENOENT")) return false;
    throw error;
  }
}

/**
 * Deletes an owner's elements at the places where they should be, without reading whole sets.
 * @returns how many there were; 0 also when another call deletes some at the same moment
 */
export function deleteExpected(host: Side, places: readonly Place[], owner: string): number {
  const own = places.filter((each) => ownerAt(host, each) === owner);
  return deleteAt(host, own) ? own.length : 0;
}
