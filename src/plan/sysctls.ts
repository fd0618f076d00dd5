/** Kernel switches under /proc/sys/net that an attachment needs. */
import { SystemError } from "../../netlink/errors.ts";
import type { Resource } from "./resource.ts";
import type { Side } from "./side.ts";

/**
 * A sysctl that must hold a value. It is written only where it does not hold yet, so that a read-only /proc/sys is
 * fine where the host is prepared. Not taken back: it is shared by all networks, or goes with its link.
 * @param key with slashes, since names of links may have dots: `net/ipv4/ip_forward`
 */
export const sysctl = (side: Side, key: string, value: string): Resource => ({
  describe: () => `sysctl ${key} = ${value} (${side.name})`,
  ensure: () => void side.setSysctl(key, value),
  check() {
    const found = side.sysctl(key);
    return found === value ? [] : [`it is ${found}`];
  },
  remove: () => undefined,
});

/** As `sysctl`, where the attachment works without it as well: a kernel without the key is fine. */
export const wish = (side: Side, key: string, value: string): Resource => ({
  ...sysctl(side, key, value),
  ensure() {
    try {
      side.setSysctl(key, value);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
    }
    return undefined;
  },
  check: () => [],
});

/** The host forwards packets of a family. */
export const forwarding = (host: Side, family: 4 | 6): Resource =>
  sysctl(host, family === 4 ? "net/ipv4/ip_forward" : "net/ipv6/conf/all/forwarding", "1");
