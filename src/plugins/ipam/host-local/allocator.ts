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

/**
 * The addresses of a set in the order in which they are tried: from the one after `last` round all ranges, so that
 * `last` itself comes at the end; from the beginning when `last` is in none. Gateways of the range are left out.
 */
export function* candidates(set: RangeSet, last?: Address): Generator<Allocated> {
  const index = last === undefined ? -1 : set.findIndex((range) => rangeHas(range, last));
  const current = set[index];
  if (current === undefined || last === undefined) {
    for (const range of set) yield* span(range, range.start, range.end);
    return;
  }
  yield* span(current, last.value + 1n, current.end);
  for (const range of [...set.slice(index + 1), ...set.slice(0, index)]) {
    yield* span(range, range.start, range.end);
  }
  yield* span(current, current.start, last.value);
}

function* span(range: Range, from: bigint, to: bigint): Generator<Allocated> {
  for (let value = from; value <= to; value++) {
    const address = { family: range.family, value };
    if (!sameAddress(address, range.gateway)) yield { address, range };
  }
}

/** Leases the first of `requested` that is in the set, and takes it out of the list. */
function reserveRequested(
  store: Store,
  from: Numbered,
  requested: Address[],
  attachment: Attachment,
): Allocated | undefined {
  const index = requested.findIndex((address) => rangeWith(from.set, address) !== undefined);
  if (index === -1) return undefined;
  const [address] = requested.splice(index, 1) as [Address];
  const range = rangeWith(from.set, address)!;
  const text = addressText(address);
  const other = "ask for another address, or for none";
  if (sameAddress(address, range.gateway))
    throw failed(from, `the requested ${text} is the gateway's`, other);
  if (!store.reserve(text, attachment))
    throw failed(from, `the requested ${text} is held by ${store.holderOf(text)}`, other);
  return { address, range };
}

/** Refuses a second address of the set for the same attachment. */
function checkHoldsNone(store: Store, from: Numbered, attachment: Attachment): void {
  const held = store.heldBy(attachment).find((text) => rangeWith(from.set, readAddress(text)) !== undefined);
  if (held === undefined) return;
  const { containerID, ifname } = attachment;
  throw failed(
    from,
    `${ifname} of container ${containerID} already holds ${held}`,
    "call DEL before another ADD",
  );
}

/** Leases the next free address of the set. */
function reserveNext(store: Store, from: Numbered, attachment: Attachment): Allocated {
  checkHoldsNone(store, from, attachment);
  const last = store.last(from.number) ?? "";
  for (const candidate of candidates(from.set, isAddress(last) ? readAddress(last) : undefined)) {
    const text = addressText(candidate.address);
    if (store.isFree(text) && store.reserve(text, attachment)) return candidate;
  }
  throw failed(
    from,
    "all addresses are taken",
    "remove containers, let the runtime call GC, or widen the range",
  );
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

/** Whether a set has an address that nobody holds. */
export function hasFree(store: Store, set: RangeSet): boolean {
  return candidates(set).some(({ address }) => store.isFree(addressText(address)));
}
