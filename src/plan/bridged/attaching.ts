/** A call of `bridge` or `flatnet` in the terms of an attachment: the link first, the rest when there are addresses. */
import type { Ipam } from "../../cni/delegate.ts";
import type { Call } from "../../cni/plugin.ts";
import type { Result } from "../../cni/result.ts";
import type { Attaching } from "../attaching/attach.ts";
import type { Bridged, BridgedLink } from "./model.ts";
import { addressedPlan, linkPlan } from "./plan.ts";
import { resultOf } from "./result.ts";

export interface AttachingToBridge {
  readonly request: Call;
  ipam(): Ipam | undefined;
  link(): BridgedLink;
  /** @throws CniError when configuration and addresses do not go together */
  bridged(leased: Result): Bridged;
}

export const attachingToBridge = ({ request, ipam, link, bridged }: AttachingToBridge): Attaching => ({
  request,
  ipam,
  link: (sides) => linkPlan(link(), sides),
  addressed(sides, leased) {
    const wanted = bridged(leased);
    return {
      plan: addressedPlan(wanted, sides),
      result: () => resultOf(wanted, sides.host, sides.container!),
    };
  },
});
