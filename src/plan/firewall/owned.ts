/** Elements whose comment is the text of their owner: placed, looked up and deleted by it, in any of our sets. */
import type { Request } from "../../../netlink/message/request.ts";
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
import { getGeneration } from "../../../netlink/netfilter/generation.ts";
import { batch } from "../../../netlink/netfilter/nfnetlink.ts";
import type { Side } from "../side.ts";
import { explained, ifThere, refusedWith } from "./absent.ts";

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

/** How often other calls may come between before this one gives up. */
const TRIES = 50;

/**
 * Adds elements, all or none. What somebody else owns at these places is taken over, since he had the address or the name
 * before; what an earlier call for the same owner left elsewhere in these sets goes.
 * @param makeLayout makes the sets, when they are not there
 */
export function place(host: Side, places: readonly Place[], owner: string, makeLayout: () => void): void {
  const additions = places.map((each) => createElements(listOf(each, owner)));
  let clear: Request[] = [];
  let generation: number | undefined;
  for (let tries = 1; ; tries++) {
    try {
      host.netfilter.transact(batch([...clear, ...additions], generation));
      return;
    } catch (error) {
      if (tries === TRIES) throw error;
      clear = [];
      generation = undefined;
      if (refusedWith(error, "EEXIST")) {
        deleteOwned(host, setsOf(places), (text) => text === owner);
        generation = host.netfilter.get(getGeneration()).id;
        clear = places
          .filter((each) => elementAt(host, each) !== undefined)
          .map((each) => deleteElements(listOf(each)));
      } else if (refusedWith(error, "ENOENT")) makeLayout();
      else if (!refusedWith(error, "ERESTART")) throw explained(error);
    }
  }
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
