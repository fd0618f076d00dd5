/**
 * Link-layer addresses that containers may send from: the table `bridge flatnet`, with one constant rule over a set of
 * guarded ports and a set of their ports' addresses.
 */
import { KernelError } from "../../../netlink/errors.ts";
import type { Request } from "../../../netlink/message/request.ts";
import { createChain, hooks, priorities } from "../../../netlink/netfilter/chains.ts";
import { concatenation, dataOf, etherAddr, ifname } from "../../../netlink/netfilter/datatype.ts";
import {
  addElements,
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
import type { Resource } from "../resource.ts";
import type { Side } from "../side.ts";
import { containerLink } from "../veth.ts";

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
    if (!hasCode(error, "EEXIST")) throw error;
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
export function guardedBy(host: Side, wanted: (owner: string) => boolean): Found[] {
  return [PORTS, ADDRESSES].flatMap((set) => {
    try {
      return elementsOf(host.netfilter, { ...TABLE, set })
        .filter(({ userdata }) => wanted(userdata?.comment ?? ""))
        .map((element) => ({ set, element }));
    } catch (error) {
      if (hasCode(error, "ENOENT")) return [];
      throw error;
    }
  });
}

/** Deletes elements that `guardedBy` found. */
export function unguard(host: Side, found: readonly Found[]): void {
  if (found.length === 0) return;
  host.netfilter.transact(batch(found.map(({ set, element }) => deleteElements(listOf(set, element.key)))));
}

/** The container may send from its own link-layer address only. */
export const spoofCheck = (host: Side, container: Side | undefined, owner: Owner): Resource => {
  const own = ownerText(owner);
  const mac = (): string => containerLink(container!, owner.ifname).address ?? "";
  const removeAll = (): void =>
    unguard(
      host,
      guardedBy(host, (text) => text === own),
    );
  return {
    describe: () => `link-layer address check on ${hostLinkName(owner)}`,
    ensure() {
      const add = () => host.netfilter.transact(batch(entriesOf(owner, mac()).map(addElements)));
      try {
        add();
      } catch (error) {
        if (!hasCode(error, "ENOENT")) throw error;
        makeLayout(host);
        add();
      }
      return removeAll;
    },
    check: () => (guardedBy(host, (text) => text === own).length === 2 ? [] : ["its elements are not there"]),
    remove: removeAll,
  };
};
