/** STATUS of the firewall: what is missing or in the way of forwarded packets. */
import { KernelError, SystemError } from "../../../netlink/errors.ts";
import { CniError, codes } from "../../cni/error.ts";
import { droppingChain } from "../bridged/forwarding.ts";
import type { Side } from "../side.ts";

function unavailable(cause: string, hint: string, details?: string): CniError {
  return new CniError({ code: codes.notAvailable, operation: "serve the network", cause, hint, details });
}

/** A shell would look for files that a `*` fits. */
const inShell = (name: string): string => (name.endsWith("*") ? `'${name}'` : name);

/** A chain that drops what no rule accepts, in the way of packets from and to containers. */
function checkForwarding(host: Side, links: string): void {
  const chain = droppingChain(host, links);
  if (chain === undefined) return;
  const place = `${chain.family} ${chain.table} ${chain.name}`;
  throw unavailable(
    `the chain ${chain.name} of the nf_tables table ${chain.family} ${chain.table} drops forwarded packets, and no ` +
      `rule there accepts those of ${links}`,
    `let it accept them: nft insert rule ${place} iifname ${inShell(links)} accept; ` +
      `nft insert rule ${place} oifname ${inShell(links)} accept`,
  );
}

/**
 * @param links the name of the links by which containers are reached, with a `*` behind it where it is a prefix
 * @throws CniError with code 50
 */
export function firewallReady(host: Side, links: string): void {
  try {
    checkForwarding(host, links);
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
