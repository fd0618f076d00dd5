/** Addresses of a container that are let through: elements of two sets, whose rules mark their packets. */
import { dataOf, ipv4Addr, ipv6Addr } from "../../../netlink/netfilter/datatype.ts";
import { familyOf, formatAddress } from "../../../netlink/wire/address.ts";
import { withoutPrefix } from "../../../netlink/wire/cidr.ts";
import { deleteExpected, deleteOwned, ownedIn, ownerAt, type Place, place } from "../firewall/owned.ts";
import { type Owner, ownerComment } from "../owner.ts";
import { type Resource, undoable } from "../resource.ts";
import type { Side } from "../side.ts";
import { makeRouted, routedSet } from "./layout.ts";

const SETS = [routedSet("admitted4"), routedSet("admitted6")];

const placeOf = (address: string): Place =>
  familyOf(address) === 4
    ? { of: routedSet("admitted4"), key: dataOf(ipv4Addr, address) }
    : { of: routedSet("admitted6"), key: dataOf(ipv6Addr, address) };

/** The owner's text of an address that is let through. */
export const ownerOfAddress = (host: Side, address: string): string | undefined =>
  ownerAt(host, placeOf(address));

/** The addresses whose owner `wanted` picks. */
export const addressesOwned = (host: Side, wanted: (owner: string) => boolean): string[] =>
  ownedIn(host, SETS, wanted).map(({ element }) => formatAddress(element.key?.value ?? new Uint8Array(4)));

/** Deletes the addresses whose owner `wanted` picks. */
export const excludeAddresses = (host: Side, wanted: (owner: string) => boolean): void =>
  deleteOwned(host, SETS, wanted);

/**
 * The container's addresses are let through. An address that another container is said to have is taken over: it has been
 * given out anew.
 * @param cidrs with or without prefix lengths; DEL without the result has none, and finds them by their owner
 */
export function admittedAddresses(host: Side, owner: Owner, cidrs: readonly string[]): Resource {
  const own = ownerComment(owner);
  const addresses = [...new Set(cidrs.map(withoutPrefix))];
  const places = addresses.map(placeOf);
  const removeAll = (): void => excludeAddresses(host, (text) => text === own);
  return {
    describe: () => `addresses let through: ${addresses.join(", ")}`,
    ensure() {
      if (places.length === 0) return undefined;
      return undoable(() => place(host, places, own, () => makeRouted(host.netfilter)), removeAll);
    },
    check: () =>
      addresses.flatMap((address) => {
        const found = ownerAt(host, placeOf(address));
        if (found === own) return [];
        const set = placeOf(address).of.set;
        return [found === undefined ? `${address} is missing in ${set}` : `${address} belongs to "${found}"`];
      }),
    remove() {
      const found = deleteExpected(host, places, own);
      if (found === 0 || found < places.length) removeAll();
    },
  };
}
