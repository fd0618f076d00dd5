/** GC: removes what no valid attachment of the network owns. */
import { listLinks } from "../../../netlink/route/links.ts";
import type { Call, NetworkConfig } from "../../cni/plugin.ts";
import { deleteFound, elementsOwned } from "../firewall/found.ts";
import type { Role } from "../firewall/sets.ts";
import { unguard } from "../firewall/spoof.ts";
import { excludeAddresses } from "../forward/admitted.ts";
import { forgetBridges, joinPorts } from "../forward/ingress.ts";
import { isOfNetwork, type Owner, textsOf } from "../owner.ts";
import { onlyRemoved, removeAll } from "../resource.ts";
import { Side } from "../side.ts";
import { removeLink } from "../veth.ts";
import { withLease } from "./attach.ts";

export const ownerOf = ({
  config,
  containerId,
  ifname,
}: Pick<Call<NetworkConfig>, "config" | "containerId" | "ifname">): Owner => ({
  network: config.name,
  containerId,
  ifname,
});

/** Whether an owner's text is of the request's network and of none of its valid attachments. */
export type Stale = (owner: string) => boolean;

function staleFor({ config, validAttachments }: Call): Stale {
  const network = config.name;
  const valid = new Set(
    validAttachments.flatMap(({ containerID, ifname }) =>
      textsOf({ network, containerId: containerID, ifname }),
    ),
  );
  const ofNetwork = isOfNetwork(network);
  return (owner) => ofNetwork(owner) && !valid.has(owner);
}

/** One kind of thing that may be left behind, and how what is stale of it is removed. */
export interface Leftover {
  readonly what: string;
  remove(host: Side, stale: Stale, request: Call): void;
}

/** Veth pairs, known by the owner in the alias of the host's end. */
export const links: Leftover = {
  what: "links",
  remove(host, stale) {
    for (const link of host.route.list(listLinks({ kind: "veth", extMask: ["skipStats"] }))) {
      if (link.ifalias !== undefined && stale(link.ifalias)) removeLink(host, link);
    }
  },
};

export const guardedPorts: Leftover = { what: "guarded ports", remove: unguard };

/** Elements for these roles: those of others are another plugin's. */
export const firewallElements = (...roles: Role[]): Leftover => ({
  what: "firewall elements",
  remove: (host, stale) => deleteFound(host, elementsOwned(host, roles, stale)),
});

/** Addresses that the firewall lets through, ports that stand alone, and the policies of bridges that are gone. */
export const forwardedThings: readonly Leftover[] = [
  { what: "addresses let through", remove: excludeAddresses },
  { what: "isolated ports", remove: joinPorts },
  { what: "policies of bridges", remove: forgetBridges },
];

/** What is left by attachments that `request` does not list as valid, as far as the plugin knows of such. */
export interface Collecting {
  readonly request: Call;
  /** GC of the addresses. */
  readonly addresses?: () => void;
  readonly leftovers: readonly Leftover[];
}

/** Goes on when a part fails. @throws the first error, after all have been tried */
export function collect({ request, addresses, leftovers }: Collecting): void {
  const stale = staleFor(request);
  using host = new Side("host", undefined, request.open);
  const plan = leftovers.map(({ what, remove }) => onlyRemoved(what, () => remove(host, stale, request)));
  removeAll(withLease(request, plan, () => addresses?.()));
}
