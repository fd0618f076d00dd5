/**
 * Link-layer addresses that containers may send from: the table `bridge flatnet`, with one constant rule over a set of
 * guarded ports and a set of their ports' addresses.
 */
import { KernelError } from "../../../netlink/errors.ts";
import type { Request } from "../../../netlink/message/request.ts";
import { createChain, hooks, priorities } from "../../../netlink/netfilter/chains.ts";
import { concatenation, dataOf, etherAddr, ifname } from "../../../netlink/netfilter/datatype.ts";
import {
  createElements,
  deleteElements,
  type Element,
  type ElementListInput,
  elementsOf,
} from "../../../netlink/netfilter/elements.ts";
import { type Field, meta } from "../../../netlink/netfilter/field.ts";
import { batch } from "../../../netlink/netfilter/nfnetlink.ts";
import { match, verdict } from "../../../netlink/netfilter/rule.ts";
import { appendRule } from "../../../netlink/netfilter/rules.ts";
import { createSet, setOf } from "../../../netlink/netfilter/sets.ts";
import { createTable } from "../../../netlink/netfilter/tables.ts";
import { hostLinkName, type Owner, ownerText } from "../owner.ts";
import { type Resource, undoable } from "../resource.ts";
import type { Side } from "../side.ts";
import { containerLink } from "../veth.ts";
import { explained, ifThere } from "./absent.ts";

const TABLE = { family: "bridge", table: "flatnet" } as const;
const PORTS = "guarded";
const ADDRESSES = "addresses";

const portAndAddress = concatenation(ifname, etherAddr);

/** The source of an Ethernet frame. */
const etherSource: Field<string> = {
  type: etherAddr,
  load: (dreg) => ({ name: "payload", data: { dreg, base: "llHeader", offset: 6, len: 6 } }),
};

function layout(): Request[] {
  const { family, table } = TABLE;
  const stands = { hooknum: hooks.prerouting, priority: priorities.raw };
  const expressions = [
    ...match.inSet([meta.iifname], PORTS),
    ...match.notInSet([meta.iifname, etherSource], ADDRESSES),
    verdict("drop"),
  ];
  return [
    createTable({
      family,
      name: table,
      userdata: { comment: "Link-layer addresses of flatnet's containers" },
    }),
    createSet({ family, table, name: PORTS, id: 1, ...setOf({ key: ifname }) }),
    createSet({ family, table, name: ADDRESSES, id: 2, ...setOf({ key: portAndAddress }) }),
    createChain({ family, table, name: "prerouting", hook: stands, policy: "accept", type: "filter" }),
    appendRule({ ...TABLE, chain: "prerouting", expressions }),
  ];
}

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof KernelError && error.code === code;

function makeLayout(host: Side): void {
  try {
    host.netfilter.transact(batch(layout()));
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw explained(error);
  }
}

const listOf = (set: string, key: Element["key"], comment?: string): ElementListInput => ({
  ...TABLE,
  set,
  elements: [{ key, ...(comment !== undefined && { userdata: { comment } }) }],
});

function entriesOf(owner: Owner, mac: string): ElementListInput[] {
  const link = hostLinkName(owner);
  const comment = ownerText(owner);
  return [
    listOf(ADDRESSES, dataOf(portAndAddress, [link, mac]), comment),
    listOf(PORTS, dataOf(ifname, link), comment),
  ];
}

interface Found {
  readonly set: string;
  readonly element: Element;
}

/** The elements whose owner `wanted` picks; none where there is no such table. */
function guardedBy(host: Side, wanted: (owner: string) => boolean): Found[] {
  return [PORTS, ADDRESSES].flatMap((set) =>
    (ifThere(() => elementsOf(host.netfilter, { ...TABLE, set })) ?? [])
      .filter(({ userdata }) => wanted(userdata?.comment ?? ""))
      .map((element) => ({ set, element })),
  );
}

/** Deletes the elements whose owner `wanted` picks; again when another call deletes some at the same moment. */
export function unguard(host: Side, wanted: (owner: string) => boolean): void {
  const found = guardedBy(host, wanted);
  if (found.length === 0) return;
  try {
    host.netfilter.transact(batch(found.map(({ set, element }) => deleteElements(listOf(set, element.key)))));
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    unguard(host, wanted);
  }
}

/** Adds elements; makes the table if there is none, and calls `remove` where an ADD that was killed has left some. */
function add(host: Side, entries: readonly ElementListInput[], remove: () => void): void {
  const transaction = batch(entries.map(createElements));
  try {
    host.netfilter.transact(transaction);
  } catch (error) {
    if (hasCode(error, "EEXIST")) remove();
    else if (hasCode(error, "ENOENT")) makeLayout(host);
    else throw explained(error);
    host.netfilter.transact(transaction);
  }
}

/** The container may send from its own link-layer address only. */
export const spoofCheck = (host: Side, container: Side | undefined, owner: Owner): Resource => {
  const isOwn = (text: string): boolean => text === ownerText(owner);
  const remove = (): void => unguard(host, isOwn);
  return {
    describe: () => `link-layer address check on ${hostLinkName(owner)}`,
    ensure() {
      const { address = "" } = containerLink(container!, owner.ifname);
      return undoable(() => add(host, entriesOf(owner, address), remove), remove);
    },
    check: () => (guardedBy(host, isOwn).length === 2 ? [] : ["its elements are not there"]),
    remove,
  };
};
