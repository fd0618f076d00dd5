/** An attachment's elements in the firewall, as one resource and one transaction. */
import { KernelError } from "../../../netlink/errors.ts";
import type { Request } from "../../../netlink/message/request.ts";
import {
  createElements,
  deleteElements,
  type Element,
  elementsOf,
  getElement,
} from "../../../netlink/netfilter/elements.ts";
import { getGeneration } from "../../../netlink/netfilter/generation.ts";
import { batch } from "../../../netlink/netfilter/nfnetlink.ts";
import { getLinkSummary } from "../../../netlink/route/links.ts";
import { CniError, codes } from "../../cni/error.ts";
import { ownerText } from "../owner.ts";
import { type Resource, undoable } from "../resource.ts";
import type { Side } from "../side.ts";
import { explained, ifThere } from "./absent.ts";
import { type Attached, asLists, type Entry, entriesOf, keysOnly, readComment } from "./entries.ts";
import { makeLayout } from "./layout.ts";
import { type SetName, setNames, TABLE } from "./sets.ts";

const refusedWith = (error: unknown, code: string): error is KernelError =>
  error instanceof KernelError && error.code === code;

/** The element that the kernel has under an entry's key. */
function elementAt(host: Side, { set, key }: Pick<Entry, "set" | "key">): Element | undefined {
  return ifThere(() => host.netfilter.get(getElement({ ...TABLE, set }, key)))?.elements?.[0];
}

const deletion = (set: SetName, element: Element): Request => deleteElements(keysOnly(set, element));

/** Whether the host's end of the owner's veth pair is there: elements of a dead owner may be taken over. */
function isAlive(host: Side, { link, owner }: { link: string; owner: string }): boolean {
  return host.route.find(getLinkSummary({ ifname: link }))?.ifalias === owner;
}

function takenBy({ set, subject }: Entry, comment: string | undefined): CniError {
  const owner = readComment(comment)?.owner.replace(/^flatnet /, "");
  const isPort = set.includes("ports");
  return new CniError({
    code: codes.failed,
    operation: isPort ? "publish" : "use",
    subject,
    cause:
      owner === undefined
        ? `it is taken by "${comment ?? "somebody"}"`
        : `it is taken by the container ${owner}`,
    hint: `${isPort ? "publish another port" : "give each network a subnet of its own"}, or remove that container`,
  });
}

/** Deletions of what stands in the way of `entries` and has no living owner. @throws CniError for what has one */
function clearing(host: Side, entries: readonly Entry[], own: string): Request[] {
  return entries.flatMap((entry) => {
    const element = elementAt(host, entry);
    if (element === undefined) return [];
    const comment = element.userdata?.comment;
    const said = readComment(comment);
    if (said === undefined || (said.owner !== own && isAlive(host, said))) throw takenBy(entry, comment);
    return [deletion(entry.set, element)];
  });
}

/** How often other calls may come between before this one gives up. */
const TRIES = 50;

/**
 * Adds all entries or none; makes the table if there is none, and takes over what dead owners left. What is deleted for
 * that must still be what it was when it was looked at: of several calls that find a dead owner's port one gets it.
 */
function add(host: Side, entries: readonly Entry[], own: string): void {
  let clear: Request[] = [];
  let generation: number | undefined;
  for (let tries = 1; ; tries++) {
    const changes = [...clear, ...asLists(entries).map(createElements)];
    try {
      host.netfilter.transact(batch(changes, generation));
      return;
    } catch (error) {
      if (tries === TRIES) throw error;
      clear = [];
      generation = undefined;
      if (refusedWith(error, "EEXIST")) {
        generation = host.netfilter.get(getGeneration()).id;
        clear = clearing(host, entries, own);
      } else if (refusedWith(error, "ENOENT")) makeLayout(host.netfilter);
      else if (!refusedWith(error, "ERESTART")) throw explained(error);
    }
  }
}

interface Found {
  readonly set: SetName;
  readonly element: Element;
}

/** Every element of every set that belongs to an owner that `wanted` picks, by the owner's text. */
export function elementsOwned(host: Side, wanted: (owner: string) => boolean): Found[] {
  return setNames.flatMap((set) => {
    const elements = ifThere(() => elementsOf(host.netfilter, { ...TABLE, set }));
    return (elements ?? [])
      .filter(({ userdata }) => {
        const said = readComment(userdata?.comment);
        return said !== undefined && wanted(said.owner);
      })
      .map((element) => ({ set, element }));
  });
}

/**
 * The owner's elements by the keys that they should have; undefined when these are not certainly all: the addresses'
 * elements say how many ports there are. An owner of whose addresses nothing is known here has no elements.
 */
function elementsExpected(host: Side, entries: readonly Entry[], own: string): Found[] | undefined {
  const found = entries.flatMap(({ set, key }) => {
    const element = elementAt(host, { set, key });
    return element !== undefined && readComment(element.userdata?.comment)?.owner === own
      ? [{ set, element }]
      : [];
  });
  if (entries.length > 0 && found.length === 0) return [];
  const locals = found.filter(({ set }) => set.startsWith("local"));
  const complete = entries.length > 0 && found.length === entries.length && locals.length > 0;
  const ports = found.filter(({ set }) => set.includes("ports")).length;
  const told = locals.every(({ element }) => readComment(element.userdata?.comment)?.ports === ports);
  return complete && told ? found : undefined;
}

/** Deletes elements; one that another call deletes at the same moment does not keep the others. */
export function deleteFound(host: Side, found: readonly Found[]): void {
  if (found.length === 0) return;
  const requests = found.map(({ set, element }) => deletion(set, element));
  try {
    host.netfilter.transact(batch(requests));
  } catch (error) {
    if (!refusedWith(error, "ENOENT")) throw error;
    const left = found.filter(
      ({ set, element }) => elementAt(host, { set, key: keyOf(element) }) !== undefined,
    );
    if (left.length === found.length) throw error;
    deleteFound(host, left);
  }
}

const keyOf = ({ key }: Element): Entry["key"] => ({ value: key?.value ?? new Uint8Array() });

const sameBytes = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a?.length === b?.length && (a ?? []).every((byte, index) => byte === b?.[index]);

export const firewall = (host: Side, attached: Attached): Resource => {
  const own = ownerText(attached.owner);
  const isOwn = (owner: string): boolean => owner === own;
  const removeAll = (): void => deleteFound(host, elementsOwned(host, isOwn));
  return {
    describe: () =>
      `firewall elements for ${[...new Set(entriesOf(attached).map(({ subject }) => subject))].join(", ")}`,
    ensure() {
      const entries = entriesOf(attached);
      if (entries.length === 0) return undefined;
      return undoable(() => add(host, entries, own), removeAll);
    },
    check: () =>
      entriesOf(attached).flatMap((entry) => {
        const element = elementAt(host, entry);
        if (element === undefined) return [`${entry.subject} is missing in ${entry.set}`];
        const same = sameBytes(element.data?.value, entry.data?.value);
        const mine = readComment(element.userdata?.comment)?.owner === own;
        return same && mine ? [] : [`${entry.subject} belongs to "${element.userdata?.comment}"`];
      }),
    remove() {
      const expected = elementsExpected(host, entriesOf(attached), own);
      if (expected === undefined) removeAll();
      else deleteFound(host, expected);
    },
  };
};
