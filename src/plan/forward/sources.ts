/** Addresses of a container in a zone of firewalld, which lets them through by rules of its own. */
import { withoutPrefix } from "../../../netlink/wire/cidr.ts";
import { explain } from "../../cni/explain.ts";
import { type Owner, ownerComment } from "../owner.ts";
import type { Resource, Undo } from "../resource.ts";
import type { Side } from "../side.ts";
import { addressesOwned, ownerOfAddress } from "./admitted.ts";
import type { Firewalld } from "./firewalld.ts";

/** What the sources of an attachment depend on. */
export interface Sources {
  readonly owner: Owner;
  readonly zone: string;
  /** With or without prefix lengths; DEL without the result has none, and finds them among the addresses let through. */
  readonly cidrs: readonly string[];
  /** Writes a line for people. */
  tell(line: string): void;
}

/**
 * The container's addresses are in the zone. Whose they are firewalld cannot keep; the elements of `admittedAddresses` do,
 * which come before in a plan.
 */
export function sourcesInZone(
  host: Side,
  firewalld: Firewalld,
  { owner, zone, cidrs, tell }: Sources,
): Resource {
  const own = ownerComment(owner);
  const addresses = [...new Set(cidrs.map(withoutPrefix))];
  const isOthers = (address: string): boolean => {
    const found = ownerOfAddress(host, address);
    return found !== undefined && found !== own;
  };
  return {
    describe: () => `addresses in firewalld's zone ${zone}: ${addresses.join(", ")}`,
    ensure() {
      const added: string[] = [];
      const undo: Undo = () => {
        for (const address of added) firewalld.remove(zone, address);
      };
      try {
        for (const address of addresses) if (firewalld.add(zone, address)) added.push(address);
      } catch (error) {
        undo();
        throw error;
      }
      return undo;
    },
    check: () =>
      addresses
        .filter((address) => !firewalld.has(zone, address))
        .map((address) => `${address} is not in it`),
    remove() {
      const all = addresses.length > 0 ? addresses : addressesOwned(host, (text) => text === own);
      for (const address of all.filter((each) => !isOthers(each))) {
        try {
          firewalld.remove(zone, address);
        } catch (error) {
          // A firewalld that is in trouble must not keep containers from being removed.
          tell(`warning: ${explain(error).message}`);
        }
      }
    },
  };
}

/** GC: addresses of owners that `stale` picks leave the zone. To be done before their elements go. */
export function removeStaleSources(
  host: Side,
  firewalld: Firewalld,
  zone: string,
  stale: (owner: string) => boolean,
): void {
  for (const address of addressesOwned(host, stale)) firewalld.remove(zone, address);
}
