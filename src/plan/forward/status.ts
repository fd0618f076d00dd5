/** Whether forwarded packets get through: what STATUS says, and what ADD warns of. */
import { KernelError, SystemError } from "../../../netlink/errors.ts";
import { CniError, codes } from "../../cni/error.ts";
import type { Side } from "../side.ts";
import { type Obstacle, obstacleTo, type Passing } from "./foreign.ts";

/** @throws CniError with code 50 */
export function unavailable(cause: string, hint: string, details?: string): never {
  throw new CniError({ code: codes.notAvailable, operation: "serve the network", cause, hint, details });
}

/** @throws CniError with code 50 where nf_tables is missing, or a chain of others is in the way */
export function forwardingReady(host: Side, passing: Passing): void {
  const obstacle = whereThereIsNfTables(() => obstacleTo(host, passing));
  if (obstacle !== undefined) unavailable(obstacle.says, obstacle.remedy);
}

function whereThereIsNfTables(ask: () => Obstacle | undefined): Obstacle | undefined {
  try {
    return ask();
  } catch (error) {
    if (error instanceof SystemError && error.code === "EPROTONOSUPPORT") {
      return unavailable("this kernel has no nfnetlink", "load the module nfnetlink", error.message);
    }
    if (error instanceof KernelError && error.code === "EINVAL") {
      return unavailable("this kernel has no nf_tables", "load the module nf_tables", error.message);
    }
    throw error;
  }
}
