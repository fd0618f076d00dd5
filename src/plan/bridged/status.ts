/** STATUS: what of the host would make an ADD fail, before one is tried. */
import { CniError, codes } from "../../cni/error.ts";
import type { Request } from "../../cni/plugin.ts";
import { findBridge } from "../bridge.ts";
import { firewallReady } from "../firewall/ready.ts";
import { Side } from "../side.ts";

interface Needs {
  readonly bridge: string;
  /** Published ports or masquerading: nf_tables has to be there. */
  readonly needsFirewall: boolean;
}

/** @throws CniError with code 50 that says what is missing or in the way */
export function hostReady({ open }: Pick<Request, "open">, { bridge, needsFirewall }: Needs): void {
  using host = new Side("host", undefined, open);
  try {
    findBridge(host, bridge);
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    throw new CniError({ ...error.failure, code: codes.notAvailable }, { cause: error });
  }
  if (needsFirewall) firewallReady(host, bridge);
}
