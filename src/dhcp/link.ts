/** The container's link: found again by its namespace and index, set up and down. */
import { KernelError, SystemError } from "../../netlink/errors.ts";
import type { LinkSummary } from "../../netlink/route/link/summary.ts";
import { getLinkSummary, setLink } from "../../netlink/route/links.ts";
import type { Namespace } from "../../netlink/socket/namespace.ts";
import { CniError, codes } from "../cni/error.ts";
import { namespaceIfThere } from "../plan/namespaces.ts";
import { Side } from "../plan/side.ts";

/** What tells a link from any that will ever have its name. */
export interface LinkIdentity {
  readonly namespace: string;
  readonly index: number;
}

/** The link or its namespace is not there any more. */
export class LinkGone extends CniError {
  constructor(ifname: string, cause: string) {
    const hint = "CNI_NETNS and CNI_IFNAME name the interface that the lease is for";
    super({ code: codes.failed, operation: "find the interface", subject: ifname, cause, hint });
  }
}

/** A link with its namespace and a connection to it, for the length of a function. */
export interface OpenLink {
  readonly namespace: Namespace;
  readonly side: Side;
  readonly link: LinkSummary;
}

/**
 * Runs `act` with the link `ifname` of the namespace at `netns`.
 * @param identity the link that it has to be, if that is known
 * @throws LinkGone; CniError when `netns` is no namespace; what `act` throws
 */
export function withLink<T>(
  netns: string,
  ifname: string,
  identity: LinkIdentity | undefined,
  act: (open: OpenLink) => T,
): T {
  using namespace = namespaceIfThere(netns);
  if (namespace === undefined) throw new LinkGone(ifname, `there is no namespace at ${netns}`);
  if (identity !== undefined && identity.namespace !== namespace.identity)
    throw new LinkGone(ifname, `another namespace is at ${netns}`);
  using side = new Side("container", namespace);
  const link = side.route.find(getLinkSummary({ ifname }));
  if (link === undefined) throw new LinkGone(ifname, `${netns} has no link ${ifname}`);
  if (identity !== undefined && identity.index !== link.index)
    throw new LinkGone(ifname, `another link of ${netns} is called ${ifname}`);
  return act({ namespace, side, link });
}

export const identityOf = ({ namespace, link }: OpenLink): LinkIdentity => ({
  namespace: namespace.identity,
  index: link.index,
});

/** Sets the link up or down. @throws KernelError */
export function setState({ side, link }: OpenLink, state: "up" | "down"): void {
  if (link.flags.includes("up") === (state === "up")) return;
  side.route.do(setLink({ index: link.index, flags: state === "up" ? ["up"] : [], change: ["up"] }));
}

/** Whether an error only says that the link, or its namespace, has vanished meanwhile. */
export const saysGone = (error: unknown): boolean =>
  error instanceof LinkGone ||
  ((error instanceof KernelError || error instanceof SystemError) &&
    ["ENODEV", "ENXIO"].includes(error.code));
