/** Routes in the container's namespace. */
import { type Route as KernelRoute, listRoutes, prependRoute } from "../../netlink/route/routes.ts";
import { familyOf } from "../../netlink/wire/address.ts";
import { networkOf, parseCidr, withoutPrefix } from "../../netlink/wire/cidr.ts";
import type { Route } from "../cni/result.ts";
import type { Resource } from "./resource.ts";
import type { Side } from "./side.ts";
import { containerIndex } from "./veth.ts";

const MAIN = 254;

const familyName = (text: string) => (familyOf(text) === 4 ? ("inet" as const) : ("inet6" as const));

/** The destination as the kernel shows it: none for a default route. */
const shown = ({ dst, dstLen }: KernelRoute): string => `${dst ?? "default"}/${dstLen}`;

function wanted(dst: string): string {
  const { prefix } = parseCidr(dst);
  return prefix === 0 ? "default/0" : networkOf(parseCidr(dst));
}

/** A route by the container's interface. It goes with its link. */
export const containerRoute = (container: Side, ifname: string, route: Route): Resource => ({
  describe: () => `route to ${route.dst}${route.gw ? ` via ${route.gw}` : ""} on ${ifname}`,
  ensure() {
    const index = containerIndex(container, ifname);
    const { bytes, prefix } = parseCidr(route.dst);
    const metrics = { ...(route.mtu && { mtu: route.mtu }), ...(route.advmss && { advmss: route.advmss }) };
    container.route.do(
      prependRoute({
        family: bytes.length === 4 ? "inet" : "inet6",
        dstLen: prefix,
        ...(prefix > 0 && { dst: withoutPrefix(networkOf({ bytes, prefix })) }),
        oif: index,
        ...(route.gw && { gateway: route.gw }),
        ...(route.priority && { priority: route.priority }),
        ...(route.table !== undefined && { table: route.table }),
        // Not the kernel's choice for a route without a gateway, but what the reference plugins give it.
        scope: route.scope ?? "universe",
        ...(Object.keys(metrics).length > 0 && { metrics }),
      }),
    );
    return undefined;
  },
  check() {
    const index = containerIndex(container, ifname);
    const table = route.table ?? MAIN;
    const found = container.route
      .list(listRoutes({ family: familyName(route.dst), table, oif: index }))
      .filter((each) => shown(each) === wanted(route.dst));
    if (found.length === 0) return ["it is not there"];
    // A default route may have got another gateway on purpose.
    const right =
      !route.gw || wanted(route.dst) === "default/0" || found.some(({ gateway }) => gateway === route.gw);
    return right ? [] : [`it goes by ${found.map(({ gateway }) => gateway ?? "the link").join(", ")}`];
  },
  remove: () => undefined,
});
