/** Addresses that a link loses on its way to another namespace or master, to be given to it again. */
import { type Address, type AddressInput, addAddress } from "../../netlink/route/addresses.ts";
import type { Side } from "./side.ts";

/** An address without the link that has it. */
export type KeptAddress = Omit<AddressInput, "index">;

type Flag = Address["flags"] extends readonly (infer One)[] | undefined ? One : never;

/** Flags that an address may be given with; the others say how it is at the moment. */
const GIVEN: readonly unknown[] = ["nodad", "optimistic", "homeaddress", "managetempaddr", "noprefixroute"];

/** Of flags those that an address may be given with. */
export const givenFlags = (flags: readonly unknown[] = []): Flag[] =>
  flags.filter((flag): flag is Flag => GIVEN.includes(flag));

/**
 * Gives a link addresses. Those that it has are done.
 * @returns of those that the kernel refuses, its words
 */
export function giveAgain(side: Side, index: number, addresses: readonly KeptAddress[]): string[] {
  const requests = addresses.map((address) => addAddress({ ...address, index } as AddressInput));
  return side.route
    .attempt(requests)
    .flatMap((refusal) => (refusal === undefined || refusal.code === "EEXIST" ? [] : [refusal.message]));
}
