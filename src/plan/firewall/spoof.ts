/**
 * Link-layer addresses that containers may send from: the table `bridge flatnet`, with one constant rule over a set of
 * guarded ports and a set of their ports' addresses.
 */
import type { Request } from "../../../netlink/message/request.ts";
import { createChain, hooks, priorities } from "../../../netlink/netfilter/chains.ts";
import { concatenation, dataOf, etherAddr, ifname } from "../../../netlink/netfilter/datatype.ts";
import { ether, meta } from "../../../netlink/netfilter/field.ts";
import { match, verdict } from "../../../netlink/netfilter/rule.ts";
import { appendRule } from "../../../netlink/netfilter/rules.ts";
import { createSet, setOf } from "../../../netlink/netfilter/sets.ts";
import { addTable } from "../../../netlink/netfilter/tables.ts";
import { hostLinkName, isOwner, type Owner, ownerComment } from "../owner.ts";
import { type Resource, undoable } from "../resource.ts";
import type { Side } from "../side.ts";
import { containerLink } from "../veth.ts";
import { countOwned, deleteOwned, ownerAt, type Place, place } from "./owned.ts";
import { makeTogether } from "./transactions.ts";

const TABLE = { family: "bridge", table: "flatnet" } as const;
const PORTS = "guarded";
const ADDRESSES = "addresses";

const portAndAddress = concatenation(ifname, etherAddr);

function layout(): Request[] {
  const { family, table } = TABLE;
  const stands = { hooknum: hooks.prerouting, priority: priorities.raw };
  const expressions = [
    ...match.inSet([meta.iifname], PORTS),
    ...match.notInSet([meta.iifname, ether.saddr], ADDRESSES),
    verdict("drop"),
  ];
  return [
    addTable({
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

const SETS = [
  { ...TABLE, set: PORTS },
  { ...TABLE, set: ADDRESSES },
] as const;

const guardOf = (owner: Owner): Place => ({
  of: { ...TABLE, set: PORTS },
  key: dataOf(ifname, hostLinkName(owner)),
});

const placesOf = (owner: Owner, mac: string): Place[] => [
  { of: { ...TABLE, set: ADDRESSES }, key: dataOf(portAndAddress, [hostLinkName(owner), mac]) },
  guardOf(owner),
];

/** Deletes the elements whose owner `wanted` picks. */
export const unguard = (host: Side, wanted: (owner: string) => boolean): void =>
  deleteOwned(host, SETS, wanted);

/** The container may send from its own link-layer address only. */
export const spoofCheck = (host: Side, container: Side | undefined, owner: Owner): Resource => {
  const own = ownerComment(owner);
  const isOwn = isOwner(owner);
  const remove = (): void => unguard(host, isOwn);
  return {
    describe: () => `link-layer address check on ${hostLinkName(owner)}`,
    ensure() {
      const { address = "" } = containerLink(container!, owner.ifname);
      const add = (): void =>
        place(host, placesOf(owner, address), own, () => makeTogether(host.netfilter, layout()));
      return undoable(add, remove);
    },
    check: () => (countOwned(host, SETS, isOwn) === SETS.length ? [] : ["its elements are not there"]),
    // Asked for by its key: other containers' elements cost nothing then.
    remove() {
      if (isOwn(ownerAt(host, guardOf(owner)) ?? "")) remove();
    },
  };
};
