/** The result of an attachment to a bridge. */
import type { LinkSummary } from "../../../netlink/route/link/summary.ts";
import { getLinkSummary } from "../../../netlink/route/links.ts";
import type { Interface, Result } from "../../cni/result.ts";
import { bridgeNamed } from "../bridge.ts";
import { portLink } from "../port.ts";
import type { Side } from "../side.ts";
import { containerLink } from "../veth.ts";
import type { Bridged } from "./model.ts";
import { gatewayDevice } from "./plan.ts";

/** The container's interface among a result's: `interfaces` are the bridge, the host's end, the container's. */
export const CONTAINER = 2;

const shown = ({ ifname, address }: LinkSummary, sandbox?: string): Interface => ({
  name: ifname ?? "",
  mac: address,
  ...(sandbox !== undefined && { sandbox }),
});

/**
 * What the kernel has. The bridge is asked for anew, since its link-layer address may have changed when the host's end
 * became a port; both ends are as they were last seen.
 */
export function resultOf(bridged: Bridged, host: Side, container: Side): Result {
  const { owner, sandbox, bridge, vlans, ips, routes, dns } = bridged;
  const links = [bridgeNamed(host, bridge.name), portLink(host, owner)];
  if (bridged.isGateway && vlans?.gatewayDevice) {
    links.push(host.route.get(getLinkSummary({ ifname: gatewayDevice(bridged) })));
  }
  const [own, outer, ...others] = links.map((link) => shown(link));
  const inner = shown(
    container.linkOf(owner.ifname, () => containerLink(container, owner.ifname)),
    sandbox,
  );
  return {
    interfaces: [own!, outer!, inner, ...others],
    ips: ips.map((ip) => ({ ...ip, interface: CONTAINER })),
    routes,
    dns,
  };
}
