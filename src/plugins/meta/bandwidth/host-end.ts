/** The host's end of the container's interface, as the plugins before have left it. */
import type { LinkSummary } from "../../../../netlink/route/link/summary.ts";
import { getLinkSummary } from "../../../../netlink/route/links.ts";
import { CniError, codes } from "../../../cni/error.ts";
import type { Result } from "../../../cni/result.ts";
import type { Sides } from "../../../plan/attaching/sides.ts";
import type { Side } from "../../../plan/side.ts";
import { containerLink } from "../../../plan/veth.ts";

/** A link that is there, looked up once. */
export const linkNamed = (side: Side, ifname: string): LinkSummary =>
  side.linkOf(ifname, () => side.route.get(getLinkSummary({ ifname })));

function notFound(ifname: string, cause: string, hint: string): CniError {
  return new CniError({
    code: codes.failed,
    operation: "find the host's end of the interface",
    subject: ifname,
    cause,
    hint,
  });
}

const KINDS = "bandwidth works with the veth pairs of plugins such as bridge and ptp";

/** @throws CniError when the interface is no veth link, or its other end is not one that `previous` names */
export function hostEnd({ host, container }: Sides, ifname: string, { interfaces }: Result): LinkSummary {
  const inner = containerLink(container!, ifname);
  const kind = inner.linkinfo?.kind;
  if (kind !== "veth" || inner.link === undefined)
    throw notFound(ifname, `it is ${kind === undefined ? "no veth link" : `a ${kind} link`}`, KINDS);
  const outer = host.route.find(getLinkSummary({ index: inner.link }));
  if (outer === undefined || outer.link !== inner.index)
    throw notFound(ifname, "its other end is not on the host", KINDS);
  if (!interfaces.some(({ name, sandbox }) => name === outer.ifname && !sandbox))
    throw notFound(
      ifname,
      `prevResult does not name ${outer.ifname}, its other end`,
      "the plugin comes after the one in the list that makes the interface",
    );
  return host.linkOf(outer.ifname!, () => outer);
}
