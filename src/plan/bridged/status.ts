/** STATUS: what of the host would make an ADD fail, before one is tried. */
import { KernelError, SystemError } from "../../../netlink/errors.ts";
import { hooks, listChains } from "../../../netlink/netfilter/chains.ts";
import { CniError, codes } from "../../cni/error.ts";
import type { Request } from "../../cni/plugin.ts";
import { findBridge } from "../bridge.ts";
import { Side } from "../side.ts";

interface Needs {
  readonly bridge: string;
  /** Published ports or masquerading: nf_tables has to be there. */
  readonly needsFirewall: boolean;
}

function unavailable(cause: string, hint: string, details?: string): CniError {
  return new CniError({ code: codes.notAvailable, operation: "serve the network", cause, hint, details });
}

/** Chains that drop what no rule accepts, in the way of packets from and to containers. */
function checkForwarding(host: Side): void {
  const dropping = host.netfilter.list(listChains()).filter(({ hook, policy, family }) => {
    const routed = family === "ip" || family === "ip6" || family === "inet";
    return routed && hook?.hooknum === hooks.forward && policy === "drop";
  });
  if (dropping.length === 0) return;
  const [{ family, table, name }] = dropping as [(typeof dropping)[0]];
  throw unavailable(
    `the chain ${name} of the nf_tables table ${family} ${table} drops forwarded packets unless a rule accepts them`,
    `let it accept those of the bridge, as with: nft insert rule ${family} ${table} ${name} iifname "BRIDGE" accept; ` +
      `nft insert rule ${family} ${table} ${name} oifname "BRIDGE" accept`,
  );
}

function checkFirewall(host: Side): void {
  try {
    checkForwarding(host);
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
  if (needsFirewall) checkFirewall(host);
}
