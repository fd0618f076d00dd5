/** The bridge of an attachment and its ports there, from the result of the plugins before. */
import { getLinkSummary } from "../../../netlink/route/links.ts";
import { CniError, codes } from "../../cni/error.ts";
import type { Result } from "../../cni/result.ts";
import type { Side } from "../side.ts";

/** The bridge: the first interface of the result. @throws CniError where it has none */
export function bridgeIn({ interfaces: [first] }: Result): string {
  if (first !== undefined && first.name !== "") return first.name;
  throw new CniError({
    code: codes.failed,
    operation: "apply the ingress policy",
    cause: "prevResult names no bridge: it has no interfaces",
    hint: 'put the plugin behind one that attaches to a bridge, or set "ingressPolicy" to "open"',
  });
}

/** The host's interfaces that a result names. */
export const hostInterfaces = ({ interfaces }: Result): string[] =>
  interfaces.filter(({ name, sandbox }) => !sandbox && name !== "").map(({ name }) => name);

/** Those of them that are ports of `bridge` now. */
export function portsOf(host: Side, result: Result, bridge: string): string[] {
  const index = host.route.find(getLinkSummary({ ifname: bridge }))?.index;
  if (index === undefined) return [];
  return hostInterfaces(result).filter(
    (name) => host.route.find(getLinkSummary({ ifname: name }))?.master === index,
  );
}
