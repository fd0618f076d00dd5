/** The link on which others are made: by its name, or by the default route. */
import type { LinkSummary } from "../../../netlink/route/link/summary.ts";
import { getLinkSummary } from "../../../netlink/route/links.ts";
import { listRoutes, type Route } from "../../../netlink/route/routes.ts";
import { CniError, codes } from "../../cni/error.ts";
import type { Side } from "../side.ts";

/** Bytes of a link's own name; alternative names are longer. */
const LONGEST_NAME = 15;

const notFound = (subject: string, cause: string, hint: string): CniError =>
  new CniError({ code: codes.failed, operation: "find the master", subject, cause, hint });

function named(side: Side, name: string): LinkSummary {
  const link = side.route.find(
    getLinkSummary(name.length > LONGEST_NAME ? { altIfname: name } : { ifname: name }),
  );
  if (link !== undefined) return link;
  const where = side.name === "host" ? "on the host" : "in the container";
  throw notFound(name, `there is no such link ${where}`, 'give another name in "master", or make that link');
}

/** The link by which a default route leaves; of several paths the first. */
const leavesBy = ({ oif, multipath }: Route): number | undefined => oif ?? multipath?.[0]?.ifindex;

/** Routes come with the lowest metric first, IPv4 before IPv6. */
function ofDefaultRoute(side: Side): LinkSummary {
  const route = side.route
    .list(listRoutes({ table: "main" }))
    .find((each) => each.dstLen === 0 && each.type === "unicast" && leavesBy(each) !== undefined);
  if (route !== undefined) return side.route.get(getLinkSummary({ index: leavesBy(route)! }));
  throw notFound(
    `by the default route (${side.name})`,
    "there is no default route",
    'give the name of a link in "master"',
  );
}

/**
 * The master.
 * @param name a name of the link, also an alternative one; without it the link of the default route
 * @throws CniError when there is none
 */
export const masterLink = (side: Side, name: string | undefined): LinkSummary =>
  name === undefined ? ofDefaultRoute(side) : named(side, name);
