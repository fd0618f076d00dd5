/** GC: removes what no valid attachment of the network owns: links, firewall elements, leases. */
import { listLinks } from "../../../netlink/route/links.ts";
import { deleteFound, elementsOwned } from "../firewall/resource.ts";
import { unguard } from "../firewall/spoof.ts";
import { networkText, ownerText } from "../owner.ts";
import { type Resource, removeAll } from "../resource.ts";
import { Side } from "../side.ts";
import { removeLink } from "../veth.ts";
import { type Attaching, ownerOf } from "./attach.ts";

/** Something that is only ever removed. */
const leftover = (what: string, remove: () => void): Resource => ({
  describe: () => what,
  ensure: () => undefined,
  check: () => [],
  remove,
});

function deleteStaleLinks(host: Side, stale: (owner: string) => boolean): void {
  for (const link of host.route.list(listLinks({ kind: "veth", extMask: ["skipStats"] }))) {
    if (link.ifalias !== undefined && stale(link.ifalias)) removeLink(host, link);
  }
}

/** Goes on when a part fails. @throws the first error, after all have been tried */
export function collect({ request, ipam }: Attaching): void {
  const { network } = ownerOf(request);
  const valid = new Set(
    request.validAttachments.map(({ containerID, ifname }) =>
      ownerText({ network, containerId: containerID, ifname }),
    ),
  );
  const ofNetwork = networkText(network);
  const stale = (owner: string): boolean => owner.startsWith(ofNetwork) && !valid.has(owner);
  using host = new Side("host", undefined, request.open);
  removeAll([
    leftover("leases", () => ipam()?.gc()),
    leftover("links", () => deleteStaleLinks(host, stale)),
    leftover("guarded ports", () => unguard(host, stale)),
    leftover("firewall elements", () => deleteFound(host, elementsOwned(host, stale))),
  ]);
}
