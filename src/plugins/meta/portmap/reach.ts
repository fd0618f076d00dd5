/** How the host reaches a container that another plugin attached, ours or not. */
import { KernelError } from "../../../../netlink/errors.ts";
import { getLinkSummary } from "../../../../netlink/route/links.ts";
import { getRoute } from "../../../../netlink/route/routes.ts";
import type { Result } from "../../../cni/result.ts";
import type { Side } from "../../../plan/side.ts";

/** The name of the link by which the host sends to an address; undefined where no route leads there. */
function linkTo(host: Side, address: string): string | undefined {
  try {
    const { oif } = host.route.get(getRoute({ dst: address }));
    return oif === undefined ? undefined : host.route.find(getLinkSummary({ index: oif }))?.ifname;
  } catch (error) {
    if (error instanceof KernelError) return undefined;
    throw error;
  }
}

/** `linkTo`, asked once for each address. */
export function linksTo(host: Side): (address: string) => string | undefined {
  const known = new Map<string, string | undefined>();
  return (address) => {
    if (!known.has(address)) known.set(address, linkTo(host, address));
    return known.get(address);
  };
}

/**
 * The link of the host that goes when the container goes: the host's end of its pair, as a plugin before names it, whose
 * name all of them begin alike. Undefined where there is none, as with macvlan.
 */
export function endOnHost(
  { interfaces }: Result,
  leading: readonly (string | undefined)[],
): string | undefined {
  const names = interfaces.filter(({ sandbox }) => !sandbox).map(({ name }) => name);
  return names.find((name) => /^veth/.test(name)) ?? names.find((name) => leading.includes(name));
}
