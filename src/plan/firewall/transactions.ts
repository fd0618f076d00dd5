/** Transactions of nf_tables while other calls change the same tables. */
import type { Client } from "../../../netlink/message/client.ts";
import type { Request } from "../../../netlink/message/request.ts";
import { getGeneration } from "../../../netlink/netfilter/generation.ts";
import { batch } from "../../../netlink/netfilter/nfnetlink.ts";
import type { Side } from "../side.ts";
import { explained, ifThere, refusedWith } from "./absent.ts";

/** How often other calls may come between before this one gives up. */
const TRIES = 50;

/** Elements to be added, and what to do where they cannot be. */
export interface Addition {
  readonly requests: readonly Request[];
  /** Deletions of what is in their way. @throws CniError when it may not go */
  makeRoom(): Request[];
  /** Makes the sets, which are not there. */
  makeLayout(): void;
}

/**
 * Adds elements, all or none. What is deleted for that must still be what it was when it was looked at: of several calls
 * that find the same in their way, one gets its place.
 * @throws KernelError, CniError
 */
export function add(host: Side, { requests, makeRoom, makeLayout }: Addition): void {
  let room: Request[] = [];
  let generation: number | undefined;
  for (let tries = 1; ; tries++) {
    try {
      host.netfilter.transact(batch([...room, ...requests], generation));
      return;
    } catch (error) {
      if (tries === TRIES) throw error;
      room = [];
      generation = undefined;
      if (refusedWith(error, "EEXIST")) {
        generation = host.netfilter.get(getGeneration()).id;
        room = makeRoom();
      } else if (refusedWith(error, "ENOENT")) makeLayout();
      else if (!refusedWith(error, "ERESTART")) throw explained(error);
    }
  }
}

/** Makes objects in one transaction. @returns false when another call was faster. @throws KernelError, CniError */
export function makeTogether(netfilter: Client, requests: readonly Request[]): boolean {
  try {
    netfilter.transact(batch(requests));
    return true;
  } catch (error) {
    if (!refusedWith(error, "EEXIST")) throw explained(error);
    return false;
  }
}

/**
 * Makes what `missing` finds missing, in one transaction: of several calls that find the same, one makes it.
 * @param missing looks at what is there; nothing where all is
 * @throws KernelError, CniError
 */
export function complete(host: Side, missing: () => readonly Request[]): void {
  for (let tries = 1; ; tries++) {
    const generation = ifThere(() => host.netfilter.get(getGeneration()).id);
    const requests = missing();
    if (requests.length === 0) return;
    try {
      host.netfilter.transact(batch(requests, generation));
      return;
    } catch (error) {
      if (tries === TRIES || !refusedWith(error, "ERESTART")) throw explained(error);
    }
  }
}
