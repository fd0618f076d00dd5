/** From where containers can be reached, by bridge: constant rules over sets of bridges, and of ports that stand alone. */
import { dataOf, ifname } from "../../../netlink/netfilter/datatype.ts";
import { addElements, elementsOf } from "../../../netlink/netfilter/elements.ts";
import { batch } from "../../../netlink/netfilter/nfnetlink.ts";
import { getLinkSummary } from "../../../netlink/route/links.ts";
import { explained, ifThere, refusedWith } from "../firewall/absent.ts";
import {
  deleteAt,
  deleteExpected,
  deleteOwned,
  elementAt,
  ownerAt,
  type Place,
  place,
} from "../firewall/owned.ts";
import { networkComment, type Owner, ownerComment } from "../owner.ts";
import { type Resource, undoable } from "../resource.ts";
import type { Side } from "../side.ts";
import { ISOLATED, makeBridged, makeRouted, pairOfLinks, routedSet } from "./layout.ts";

/** `same-bridge`: no other bridge of such a network; `isolated`: no other container of the bridge either. */
export type IngressPolicy = "same-bridge" | "isolated";

/** What a bridge has in the sets: an isolated one stays apart even where another network says same-bridge. */
function placesOf(bridge: string, policy: IngressPolicy): Place[] {
  const itself = dataOf(pairOfLinks, [bridge, bridge]);
  return [
    { of: routedSet("guarded"), key: dataOf(ifname, bridge) },
    { of: routedSet("within"), key: itself },
    ...(policy === "isolated" ? [{ of: routedSet("apart"), key: itself }] : []),
  ];
}

/** Adds elements; those that are there stay as they are. */
function addShared(host: Side, places: readonly Place[], comment: string): void {
  const transaction = batch(
    places.map(({ of, key }) => addElements({ ...of, elements: [{ key, userdata: { comment } }] })),
  );
  try {
    host.netfilter.transact(transaction);
  } catch (error) {
    if (!refusedWith(error, "ENOENT")) throw explained(error);
    makeRouted(host.netfilter);
    host.netfilter.transact(transaction);
  }
}

/** The policy of a bridge, which all its networks share. It stays until the bridge is gone, as do the reference's rules. */
export const bridgePolicy = (
  host: Side,
  network: string,
  { bridge, policy }: { readonly bridge: string; readonly policy: IngressPolicy },
): Resource => ({
  describe: () => `policy ${policy} of the bridge ${bridge}`,
  ensure: () => void addShared(host, placesOf(bridge, policy), networkComment(network)),
  check: () =>
    placesOf(bridge, policy)
      .filter((each) => elementAt(host, each) === undefined)
      .map(({ of }) => `${bridge} is missing in ${of.set}`),
  remove: () => undefined,
});

/** Ports are known by their names; frames between two of these are dropped, but for ARP and neighbour discovery. */
const portOf = (name: string): Place => ({ of: ISOLATED, key: dataOf(ifname, name) });

/** Deletes the ports whose owner `wanted` picks. */
export const joinPorts = (host: Side, wanted: (owner: string) => boolean): void =>
  deleteOwned(host, [ISOLATED], wanted);

/**
 * The container's ports on the bridge neither send to nor hear other isolated ones.
 * @param ports names of the host's ends of the container's interfaces; DEL without the result has none
 * @param wanted whether the network isolates; DEL looks either way
 */
export function isolatedPorts(
  host: Side,
  owner: Owner,
  { ports, wanted }: { readonly ports: readonly string[]; readonly wanted: boolean },
): Resource {
  const own = ownerComment(owner);
  const places = ports.map(portOf);
  const removeAll = (): void => joinPorts(host, (text) => text === own);
  return {
    describe: () => `isolated ports: ${ports.join(", ")}`,
    ensure() {
      if (!wanted || places.length === 0) return undefined;
      return undoable(() => place(host, places, own, () => makeBridged(host.netfilter)), removeAll);
    },
    check: () =>
      wanted
        ? ports.filter((port) => ownerAt(host, portOf(port)) !== own).map((port) => `${port} is not isolated`)
        : [],
    remove() {
      const isKnown = places.length > 0 && !wanted;
      if (deleteExpected(host, places, own) === 0 && !isKnown) removeAll();
    },
  };
}

/** GC: the policies of bridges that are gone. */
export function forgetBridges(host: Side): void {
  const guarded = ifThere(() => elementsOf(host.netfilter, routedSet("guarded"))) ?? [];
  for (const { key } of guarded) {
    const name = new TextDecoder().decode(key?.value).replace(/\0.*$/s, "");
    if (host.route.find(getLinkSummary({ ifname: name })) !== undefined) continue;
    deleteAt(
      host,
      placesOf(name, "isolated").filter((each) => elementAt(host, each) !== undefined),
    );
  }
}
