/** Both sides of a call, for as long as it works on them. */
import type { Namespace } from "../../../netlink/socket/namespace.ts";
import type { Request } from "../../cni/plugin.ts";
import { Side } from "../side.ts";

/** Where a plan is to be. */
export interface Sides {
  readonly host: Side;
  /** Absent when the container's namespace is gone, which only removing can do without. */
  readonly container: Side | undefined;
  /** CHECK: the link-layer address that the result gives the container's interface. */
  readonly mac?: string | undefined;
}

/** What `act` gives; namespace and sockets are closed after it. */
export function onBothSides<T>(
  { open }: Pick<Request, "open">,
  found: Namespace | undefined,
  act: (sides: Sides) => T,
): T {
  using namespace = found;
  using host = new Side("host", undefined, open);
  using container = namespace && new Side("container", namespace, open);
  return act({ host, container });
}
