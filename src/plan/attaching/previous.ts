/** What a call reads from the result of the plugins before it, or of the ADD that it compares with or takes back. */
import { CniError, codes } from "../../cni/error.ts";
import type { Call } from "../../cni/plugin.ts";
import { emptyResult, type IpConfig, type Result } from "../../cni/result.ts";

/** What a call without the result that it works on is told. */
const missing = {
  ADD: {
    operation: "add to the attachment",
    hint: "the plugin comes after another one in the list of a network, which attaches the container",
  },
  CHECK: { operation: "check the attachment", hint: "CHECK needs the result of ADD" },
} as const;

/** The result that ADD of a chained plugin, and CHECK of any, work on. @throws CniError with code 7 without it */
export function requirePrevious({ prevResult, command }: Call): Result {
  if (prevResult !== undefined) return prevResult;
  const { operation, hint } = missing[command === "ADD" ? "ADD" : "CHECK"];
  throw new CniError({
    code: codes.invalidConfig,
    operation,
    cause: "the configuration has no prevResult",
    hint,
  });
}

/** The addresses that a result gives the container's interface: all of them where it does not say whose they are. */
export function previousAddresses(result: Result | undefined, ifname: string): readonly IpConfig[] {
  if (result === undefined) return [];
  return result.ips.filter(({ interface: index }) => {
    const owner = index === undefined ? undefined : result.interfaces[index];
    return owner === undefined || (owner.name === ifname && Boolean(owner.sandbox));
  });
}

/**
 * The link-layer address that the result gives the container's interface, which a later plugin may have changed; nothing
 * where it names no interfaces, as before 0.3.0.
 * @throws CniError when it is the result of another attachment
 */
export function previousMac({ prevResult, ifname, netns }: Call): string | undefined {
  const { interfaces } = prevResult ?? emptyResult;
  if (interfaces.length === 0) return undefined;
  const own = interfaces.find(({ name, sandbox }) => name === ifname && sandbox === netns);
  if (own !== undefined) return own.mac?.toLowerCase();
  throw new CniError({
    code: codes.failed,
    operation: "check the attachment",
    subject: `${ifname} in ${netns}`,
    cause: "prevResult has no such interface",
    hint: "CHECK needs the result of this attachment's ADD",
  });
}
