/** STATUS: what of the host would make an ADD fail, before one is tried. */
import { KernelError, SystemError } from "../../../netlink/errors.ts";
import { CniError, codes } from "../../cni/error.ts";
import type { Request } from "../../cni/plugin.ts";
import { findBridge } from "../bridge.ts";
import { Side } from "../side.ts";
import { droppingChain } from "./forwarding.ts";

interface Needs {
  readonly bridge: string;
  /** Published ports or masquerading: nf_tables has to be there. */
  readonly needsFirewall: boolean;
}

function unavailable(cause: string, hint: string, details?: string): CniError {
  return new CniError({ code: codes.notAvailable, operation: "serve the network", cause, hint, details });
}

/** A chain that drops what no rule accepts, in the way of packets from and to containers. */
function checkForwarding(host: Side, bridge: string): void {
  const chain = droppingChain(host, bridge);
  if (chain === undefined) return;
  const place = `${chain.family} ${chain.table} ${chain.name}`;
  throw unavailable(
    `the chain ${chain.name} of the nf_tables table ${chain.family} ${chain.table} drops forwarded packets, and no ` +
      `rule there accepts those of ${bridge}`,
    `let it accept them: nft insert rule ${place} iifname ${bridge} accept; ` +
      `nft insert rule ${place} oifname ${bridge} accept`,
  );
}

function checkFirewall(host: Side, bridge: string): void {
  try {
    checkForwarding(host, bridge);
  } catch (error) {
    if (error instanceof SystemError && error.code === "EPROTONOSUPPORT") {
      throw unavailable("this kernel has no nfnetlink", "load the module nfnetlink", error.message);
    }
    if (error instanceof KernelError && error.code === "EINVAL") {
      throw unavailable("this kernel has no nf_tables", "load the module nf_tables", error.message);
    }
    throw error;
  }
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
  if (needsFirewall) checkFirewall(host, bridge);
}
