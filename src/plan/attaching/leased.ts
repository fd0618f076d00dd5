/** Who gives addresses, what a plugin insists on of its answer, and what the configuration puts in the place of it. */
import { removes } from "../../cni/commands.ts";
import type { Ipam } from "../../cni/delegate.ts";
import { CniError, codes } from "../../cni/error.ts";
import type { Call } from "../../cni/plugin.ts";
import type { Dns, Result } from "../../cni/result.ts";

/**
 * The IPAM plugin of a network that cannot do without one. What removes can: nothing was leased without it.
 * @throws CniError when it cannot be found, or none is named
 */
export function ipamOf(call: Call): Ipam | undefined {
  const type = call.config.ipam?.type ?? "";
  return type === "" && removes(call.command) ? undefined : call.ipam(type);
}

/** The IPAM plugin of a network that can do without one. @throws CniError when it cannot be found */
export const ipamIfAny = (call: Call): Ipam | undefined =>
  call.config.ipam?.type ? call.ipam(call.config.ipam.type) : undefined;

/** @throws CniError when ADD asked for addresses and got none */
export function requireAddresses({ command, config }: Call, { ips }: Result): void {
  const type = config.ipam?.type;
  if (command !== "ADD" || !type || ips.length > 0) return;
  throw new CniError({
    code: codes.failed,
    operation: "take an address from",
    subject: type,
    cause: "the IPAM plugin gave none",
    hint: "see its configuration under ipam",
  });
}

/** The configuration's resolver settings where it has any, else those that IPAM gave. */
export const dnsOver = ({ dns }: Call["config"], leased: Result): Dns =>
  dns && Object.keys(dns).length > 0 ? dns : leased.dns;
