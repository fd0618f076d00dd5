/** STATUS of plugins that make a link of a kind, perhaps on a master. */
import { type KindOfLink, requireKind } from "../kinds.ts";
import type { Side } from "../side.ts";
import { available } from "../unavailable.ts";
import type { Master } from "./link.ts";
import { masterLink } from "./master.ts";

/**
 * A master in the container is there with its container only.
 * @throws CniError with code 50 when the kernel has no such links, or there is no master on the host
 */
export function linksReady(host: Side, linkinfo: KindOfLink, master?: Master): void {
  requireKind(host, linkinfo);
  if (master !== undefined && !master.inContainer) available(() => masterLink(host, master.name));
}
