/** Choosing addresses: the ones asked for, else the next free one round the ranges of a set. */
import { isAddress } from "../../../../netlink/wire/address.ts";
import { CniError, codes } from "../../../cni/error.ts";
import type { Attachment } from "../../../cni/plugin.ts";
import { type Address, addressText, readAddress, sameAddress } from "./address.ts";
import { type Range, type RangeSet, rangeHas, setText } from "./ranges.ts";
import type { Store } from "./store.ts";

/** An address and the range that it was taken from. */
export interface Allocated {
  readonly address: Address;
  readonly range: Range;
}

/** A range set with its number. */
export interface Numbered {
  readonly set: RangeSet;
  readonly number: number;
}

function failed({ set, number }: Numbered, cause: string, hint: string): CniError {
  return new CniError({
    code: codes.failed,
    operation: "allocate an address of",
    subject: `range set ${number} (${setText(set)})`,
    cause,
    hint,
  });
}

const rangeWith = (set: RangeSet, address: Address): Range | undefined =>
  set.find((range) => rangeHas(range, address));

/** Addresses of a range that follow one another, both ends included. */
interface Span {
  readonly range: Range;
  readonly from: bigint;
  readonly to: bigint;
}

const whole = (range: Range): Span => ({ range, from: range.start, to: range.end });

/** The addresses of a set from the one after `last` on, round all ranges, so that `last` itself comes at the end. */
function spans(set: RangeSet, last: Address | undefined): Span[] {
  const current = last && rangeWith(set, last);
  if (last === undefined || current === undefined) return set.map(whole);
  const index = set.indexOf(current);
  return [
    { range: current, from: last.value + 1n, to: current.end },
    ...[...set.slice(index + 1), ...set.slice(0, index)].map(whole),
    { range: current, from: current.start, to: last.value },
  ];
}

/**
 * The first address that `take` takes, of those of a set after `last`; from the beginning when that is in none of its
 * ranges. Gateways are left out. (No generator: the first one takes a process 0.1 ms.)
 */
export function firstTaken(
  set: RangeSet,
  last: Address | undefined,
  take: (address: Address) => boolean,
): Allocated | undefined {
  for (const { range, from, to } of spans(set, last)) {
    for (let value = from; value <= to; value++) {
      const address = { family: range.family, value };
      if (!sameAddress(address, range.gateway) && take(address)) return { address, range };
    }
  }
  return undefined;
}

/** Leases an address that is free, or whose lease is provably of nobody. */
const reserve = (store: Store, text: string, attachment: Attachment): boolean =>
  store.reserve(text, attachment) || (store.reclaim(text) && store.reserve(text, attachment));

/** Leases the first of `requested` that is in the set, and takes it out of the list. */
function reserveRequested(
  store: Store,
  from: Numbered,
  requested: Address[],
  attachment: Attachment,
): Allocated | undefined {
  const address = requested.find((each) => rangeWith(from.set, each) !== undefined);
  if (address === undefined) return undefined;
  requested.splice(requested.indexOf(address), 1);
  const range = rangeWith(from.set, address)!;
  const text = addressText(address);
  const other = "ask for another address, or for none";
  if (sameAddress(address, range.gateway))
    throw failed(from, `the requested ${text} is the gateway's`, other);
  if (!reserve(store, text, attachment))
    throw failed(from, `the requested ${text} is held by ${store.holderOf(text)}`, other);
  return { address, range };
}

/** Whether an address is in one of a set's ranges. */
export const isIn =
  (set: RangeSet) =>
  (text: string): boolean =>
    rangeWith(set, readAddress(text)) !== undefined;

/** Refuses a second address of the set for the same attachment, unless it has the first one from a former life. */
function checkHoldsNone(store: Store, from: Numbered, attachment: Attachment): void {
  const held = store
    .heldBy(attachment)
    .filter(isIn(from.set))
    .find((text) => !store.reclaim(text));
  if (held === undefined) return;
  const { containerID, ifname } = attachment;
  throw failed(
    from,
    `${ifname} of container ${containerID} already holds ${held}`,
    "call DEL before another ADD",
  );
}

/** Frees what is dead in a set that has no free address: all of it, so that not every ADD has to look. */
function reclaimAll(store: Store, set: RangeSet): boolean {
  const dead = store.dead(isIn(set));
  for (const text of dead) store.free(text);
  return dead.length > 0;
}

/** Leases the next free address of the set. */
function reserveNext(store: Store, from: Numbered, attachment: Attachment): Allocated {
  checkHoldsNone(store, from, attachment);
  const last = store.last(from.number) ?? "";
  const next = (): Allocated | undefined =>
    firstTaken(from.set, isAddress(last) ? readAddress(last) : undefined, (address) => {
      const text = addressText(address);
      return store.isFree(text) && store.reserve(text, attachment);
    });
  const allocated = next() ?? (reclaimAll(store, from.set) ? next() : undefined);
  if (allocated !== undefined) return allocated;
  throw failed(from, usedUp(store, from.set), MAKE_ROOM);
}

/**
 * Leases an address of a set to an attachment.
 * @param requested addresses that may be of this set or of another; the one that is leased is taken out of the list
 * @throws CniError with code 999 when the requested address is not free, or none is, or the attachment has one
 */
export function reserveOne(
  store: Store,
  from: Numbered,
  requested: Address[],
  attachment: Attachment,
): Allocated {
  return reserveRequested(store, from, requested, attachment) ?? reserveNext(store, from, attachment);
}

/** Whether an ADD would find an address in a set: one that nobody holds, or that is provably of nobody. */
export function hasFree(store: Store, set: RangeSet): boolean {
  return (
    firstTaken(set, undefined, (address) => store.isFree(addressText(address))) !== undefined ||
    store.dead(isIn(set)).length > 0
  );
}

/** What to do about a set that is used up. */
export const MAKE_ROOM = "remove containers, let the runtime call GC, or widen the range";

/** How many addresses a range gives out. */
const sizeOf = (range: Range): number =>
  Number(range.end - range.start) + (rangeHas(range, range.gateway) ? 0 : 1);

/** By whom the addresses of a set are taken that is used up, with numbers. */
export function usedUp(store: Store, set: RangeSet): string {
  const total = set.reduce((sum, range) => sum + sizeOf(range), 0);
  const held = store.countHeld(isIn(set));
  const others = held === total ? "" : `, ${total - held} by files that name none`;
  return `all addresses are taken: ${held} of ${total} by containers${others}`;
}
