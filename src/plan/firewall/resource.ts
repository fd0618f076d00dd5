/** An attachment's elements in the firewall, as one resource and one transaction. */
import type { Request } from "../../../netlink/message/request.ts";
import { createElements } from "../../../netlink/netfilter/elements.ts";
import { getLinkSummary } from "../../../netlink/route/links.ts";
import { CniError, codes } from "../../cni/error.ts";
import { isOwner, type Owner } from "../owner.ts";
import { type Resource, undoable } from "../resource.ts";
import type { Side } from "../side.ts";
import { commentFor, type Said } from "./comments.ts";
import type { Condition } from "./conditional.ts";
import { conditionalDifferences, makeConditional } from "./conditional.ts";
import { asLists, type Entry } from "./entries.ts";
import { deleteFound, deletions, elementAt, elementsOwned, type Found, keyOf } from "./found.ts";
import { layoutDifferences, makeLayout } from "./layout.ts";
import type { Role } from "./sets.ts";
import { add } from "./transactions.ts";

/** What an attachment has in the firewall. */
export interface Wanted {
  readonly owner: Owner;
  /** What its elements are for: those of other roles are another plugin's. */
  readonly roles: readonly Role[];
  readonly entries: readonly Entry[];
  /** The link of the host that is there as long as the container is, by which later calls see whether it lives. */
  readonly link: string | undefined;
  /** DEL: the configuration does not ask for them; they are there only if it once did. */
  readonly unlikely?: boolean;
  /** What packets have to meet to find its ports. */
  readonly conditions?: readonly Condition[];
}

/** Whether the container lives: elements of a dead owner may be taken over. Where nobody can tell, it does. */
const isAlive = (host: Side, { link }: Said): boolean =>
  link === undefined || host.route.find(getLinkSummary({ ifname: link })) !== undefined;

function takenBy({ set, subject }: Entry, { said, element }: Found): CniError {
  const isPort = set.includes("ports");
  return new CniError({
    code: codes.failed,
    operation: isPort ? "publish" : "use",
    subject,
    cause: said
      ? `it is taken by the container ${said.shown}`
      : `it is taken by "${element.userdata?.comment ?? "somebody"}"`,
    hint: `${isPort ? "publish another port" : "give each network a subnet of its own"}, or remove that container`,
  });
}

/**
 * What stands in the way of new elements and may go: those of dead owners, and all that an earlier ADD of the same
 * attachment has left. @throws CniError for what has a living owner
 */
function clearing(host: Side, { entries, owner, roles }: Wanted): Request[] {
  const isOwn = isOwner(owner);
  const inTheWay = entries.flatMap((entry) => {
    const found = elementAt(host, entry);
    if (found === undefined || (found.said && isOwn(found.said.owner))) return found ?? [];
    if (found.said === undefined || isAlive(host, found.said)) throw takenBy(entry, found);
    return [found];
  });
  const ofOthers = inTheWay.filter(({ said }) => !said || !isOwn(said.owner));
  const own = inTheWay.length > ofOthers.length ? elementsOwned(host, roles, isOwn) : [];
  return deletions([...own, ...ofOthers]);
}

/** Adds all entries or none; makes the table if there is none, and takes over what dead owners left. */
function addEntries(host: Side, wanted: Wanted): void {
  const { entries, conditions = [] } = wanted;
  const userdata = { comment: commentFor({ ...wanted, count: entries.length }) };
  const additions = asLists(entries.map(({ subject: _, ...element }) => ({ ...element, userdata })));
  add(host, {
    requests: additions.map(createElements),
    makeRoom: () => clearing(host, wanted),
    makeLayout() {
      makeLayout(host);
      makeConditional(host, conditions);
    },
  });
}

/** From so many elements on, going through all of the sets is less work than asking for each. */
const MANY = 200;

/**
 * The owner's elements by the keys that they should have; undefined when these are not certainly all: each element says
 * how many there are. Where they are unlikely, and none is where it should be, there are none.
 */
function elementsExpected(host: Side, { entries, owner, unlikely }: Wanted): Found[] | undefined {
  if (entries.length === 0 || entries.length > MANY) return undefined;
  const isOwn = isOwner(owner);
  const found = entries.flatMap((entry) => {
    const at = elementAt(host, entry);
    return at?.said && isOwn(at.said.owner) ? [at] : [];
  });
  if (found.length === 0 && unlikely) return [];
  const complete = found.length > 0 && found.every(({ said }) => said?.count === found.length);
  return complete ? found : undefined;
}

const sameBytes = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a?.length === b?.length && (a ?? []).every((byte, index) => byte === b?.[index]);

/** A key of a set as text, to find it by. */
const named = ({ set, key }: Pick<Entry, "set" | "key">): string => `${set} ${key.value.join()}`;

function differencesOf(host: Side, { entries, owner, roles, conditions = [] }: Wanted): string[] {
  if (entries.length === 0) return [];
  const isOwn = isOwner(owner);
  const all =
    entries.length > MANY
      ? new Map(
          elementsOwned(host, roles, isOwn).map((found) => [named({ ...found, key: keyOf(found) }), found]),
        )
      : undefined;
  const elements = entries.flatMap((entry) => {
    const found = all?.get(named(entry)) ?? elementAt(host, entry);
    if (found === undefined) return [`${entry.subject} is missing in ${entry.set}`];
    const same = sameBytes(found.element.data?.value, entry.data?.value);
    const mine = found.said !== undefined && isOwn(found.said.owner);
    return same && mine ? [] : [`${entry.subject} belongs to "${found.element.userdata?.comment}"`];
  });
  return [...elements, ...layoutDifferences(host), ...conditionalDifferences(host, conditions)];
}

/** All elements that an attachment has for its roles. Without entries it has none, and none are looked for but to remove. */
export function firewall(host: Side, wanted: Wanted): Resource {
  const { owner, roles, entries } = wanted;
  const removeAll = (): void => deleteFound(host, elementsOwned(host, roles, isOwner(owner)));
  return {
    describe: () => `firewall elements for ${[...new Set(entries.map(({ subject }) => subject))].join(", ")}`,
    ensure: () => (entries.length === 0 ? undefined : undoable(() => addEntries(host, wanted), removeAll)),
    check: () => differencesOf(host, wanted),
    remove() {
      const expected = elementsExpected(host, wanted);
      if (expected === undefined) removeAll();
      else deleteFound(host, expected);
    },
  };
}
