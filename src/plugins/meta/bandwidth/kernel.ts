/** STATUS: whether the kernel can do what an ADD asks of it, tried in a namespace that ends with the trial. */
import { KernelError } from "../../../../netlink/errors.ts";
import { CniError, codes } from "../../../cni/error.ts";
import type { Request } from "../../../cni/plugin.ts";
import { tryOut } from "../../../plan/namespaces.ts";
import type { Resource } from "../../../plan/resource.ts";
import type { Side } from "../../../plan/side.ts";
import { ifb, ifbName } from "./ifb.ts";
import { bucketOf } from "./limit.ts";
import { redirection } from "./redirection.ts";
import type { Bandwidth } from "./schema.ts";
import { shaper } from "./shaper.ts";

/** What is tried, and the kernel's modules that it takes. */
interface Trial {
  readonly modules: string;
  readonly resource: Resource;
}

const OWNER = { network: "trial", containerId: "trial", ifname: "eth0" };
const LIMIT = { rate: 8_000_000, burst: 800_000 };

function trials(side: Side, layout: Bandwidth["layout"]): Trial[] {
  const bucket = bucketOf(LIMIT);
  if (layout === "direct") return [{ modules: "sch_tbf", resource: shaper(side, "lo", bucket) }];
  const device = ifbName(OWNER);
  return [
    { modules: "ifb", resource: ifb(side, { owner: OWNER, mtu: 1500 }) },
    { modules: "sch_tbf", resource: shaper(side, device, bucket) },
    { modules: "sch_ingress, cls_u32 and act_mirred", resource: redirection(side, "lo", device) },
  ];
}

/** @throws CniError with code 50 that names what the kernel lacks */
export function kernelReady(layout: Bandwidth["layout"], open: Request["open"]): void {
  tryOut(open, (side) => {
    for (const { modules, resource } of trials(side, layout)) {
      try {
        resource.ensure();
      } catch (error) {
        if (!(error instanceof KernelError)) throw error;
        throw new CniError(
          {
            code: codes.notAvailable,
            operation: "serve the network",
            cause: "this kernel cannot limit the rate as asked",
            hint: `load ${modules}, or use a kernel that has them`,
            details: error.message,
          },
          { cause: error },
        );
      }
    }
  });
}
