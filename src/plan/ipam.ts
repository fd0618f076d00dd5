/** What plugins that give out addresses have in common: routes as results have them, refusals, the room of old results. */
import { canonicalAddress, canonicalCidr } from "../cni/address.ts";
import { ConfigError } from "../cni/config/error.ts";
import { CniError, codes } from "../cni/error.ts";
import type { Attachment } from "../cni/plugin.ts";
import type { Route } from "../cni/result.ts";
import { resultFamily } from "../cni/versions.ts";

/** Who is meant, in words: `eth0 of container web`. */
export const attachmentText = ({ containerID, ifname }: Attachment): string =>
  `${ifname} of container ${containerID}`;

/** The routes of a configuration in the one text form of results. */
export const routesOf = (routes: readonly Route[] = []): Route[] =>
  routes.map((route) => ({
    ...route,
    dst: canonicalCidr(route.dst),
    gw: route.gw === undefined ? undefined : canonicalAddress(route.gw),
  }));

/** A value of CNI_ARGS that cannot be used. @param hint what to write instead */
export const badArgument = (key: string, value: string, hint: string): CniError =>
  new CniError({
    code: codes.invalidEnvironment,
    operation: "read CNI_ARGS",
    cause: `${key} is "${value}"`,
    hint,
  });

/**
 * Results before 0.3.0 have room for one address of each family.
 * @param families of the addresses that an ADD gives
 * @param what each comes from, for the message: `range set`
 * @throws ConfigError
 */
export function checkRoom(families: readonly (4 | 6)[], what: string, version: string): void {
  if (resultFamily(version) !== "02x") return;
  for (const family of [4, 6]) {
    if (families.filter((each) => each === family).length <= 1) continue;
    const problem = `more than one ${what} of IPv${family} does not go with cniVersion ${version}`;
    throw new ConfigError([{ path: "ipam", problem, hint: "set cniVersion to 0.3.0 or later" }]);
  }
}
