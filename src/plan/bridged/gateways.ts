/** Gateways and default routes where the host is the gateway and IPAM names none. */
import { familyOf, formatAddress } from "../../../netlink/wire/address.ts";
import { addressAfter, firstOf, parseCidr } from "../../../netlink/wire/cidr.ts";
import type { IpConfig, Route } from "../../cni/result.ts";

/** Each address with its gateway: the first address of the subnet where none is named. */
export const withGateways = (ips: readonly IpConfig[]): IpConfig[] =>
  ips.map((ip) => ({
    ...ip,
    gateway: ip.gateway ?? formatAddress(addressAfter(firstOf(parseCidr(ip.address)))),
  }));

const isDefault = ({ dst }: Route): boolean => parseCidr(dst).prefix === 0;

/** A default route for each family that has a gateway and no default route yet. */
export function withDefaultRoutes(routes: readonly Route[], ips: readonly IpConfig[]): Route[] {
  const all = [...routes];
  for (const { gateway } of ips) {
    if (gateway === undefined) continue;
    const family = familyOf(gateway);
    if (all.some((route) => isDefault(route) && familyOf(route.dst) === family)) continue;
    all.push({ dst: family === 4 ? "0.0.0.0/0" : "::/0", gw: gateway });
  }
  return all;
}
