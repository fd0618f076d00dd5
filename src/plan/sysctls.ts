/** Kernel switches under /proc/sys/net that an attachment needs. */
import { SystemError } from "../../netlink/errors.ts";
import { CniError, codes } from "../cni/error.ts";
import { readSysctl, sameSysctl, setSysctl, writeSysctl } from "../sys/sysctl.ts";
import type { Resource } from "./resource.ts";
import type { Side } from "./side.ts";

/** A switch and what it should be. */
export interface Setting {
  /** With slashes, since names of links may have dots: `net/ipv4/ip_forward`. */
  readonly key: string;
  readonly value: string;
  /** The attachment works without it as well: a kernel without the key is fine. */
  readonly optional?: boolean;
  /** CHECK does not look: a later plugin may set it otherwise, and the reference plugins do not all set it. */
  readonly unchecked?: boolean;
}

function set(side: Side, setting: Setting): void {
  try {
    if (setting.optional) writeSysctl(setting.key, setting.value);
    else setSysctl(setting.key, setting.value);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    if (!setting.optional) throw explained(error, side, setting);
  }
}

/** Names of sysctl(8) have dots for slashes; the dots of a link's name become slashes. */
const sysctlName = (key: string): string => key.replace(/[./]/g, (mark) => (mark === "/" ? "." : "/"));

/** What to do about a setting that the kernel does not take, where its name or its value is why. */
const hints: Readonly<Record<string, string>> = {
  ENOENT: "this kernel has no such setting: see how it is spelt, or load the module that brings it",
  EINVAL: "give a value that the kernel takes for it",
};

/** The host can be prepared; a container's interface is there during the ADD only. */
function explained(error: SystemError, { name }: Side, { key, value }: Setting): CniError {
  const byHand = name === "host" ? `, or run on the host: sysctl -w ${sysctlName(key)}=${value}` : "";
  const hint = hints[error.code] ?? `make /proc/sys writable for the plugin${byHand}`;
  return new CniError(
    {
      code: codes.failed,
      operation: "set the sysctl",
      subject: `${sysctlName(key)} to ${value} (${name})`,
      cause: error.code,
      hint,
      details: error.message,
    },
    { cause: error },
  );
}

function difference({ key, value, optional, unchecked }: Setting): string[] {
  if (optional || unchecked) return [];
  const found = readSysctl(key);
  return sameSysctl(found, value) ? [] : [`${key} is ${found}`];
}

/**
 * Settings that must hold. Each that is not optional is written only where it does not hold yet, so that a read-only
 * /proc/sys is fine where the host is prepared. Not taken back: they are shared by all networks, or go with their link.
 */
export const sysctls = (side: Side, settings: readonly Setting[]): Resource => ({
  describe: () => `${settings.map(({ key, value }) => `${key} = ${value}`).join(", ")} (${side.name})`,
  ensure() {
    side.inside(() => {
      for (const setting of settings) set(side, setting);
    });
    return undefined;
  },
  check: () => side.inside(() => settings.flatMap(difference)),
  remove: () => undefined,
});

/** A setting that a person asked for: it must hold, and an ADD that fails takes it back. DEL leaves it. */
export const askedSysctl = (side: Side, setting: Setting): Resource => ({
  ...sysctls(side, [setting]),
  ensure() {
    const { key } = setting;
    try {
      const { previous, changed } = side.inside(() => setSysctl(key, setting.value));
      return changed ? () => side.inside(() => void setSysctl(key, previous)) : undefined;
    } catch (error) {
      throw error instanceof SystemError ? explained(error, side, setting) : error;
    }
  },
});

/** The host forwards packets of a family. */
export const forwarding = (family: 4 | 6): Setting => ({
  key: family === 4 ? "net/ipv4/ip_forward" : "net/ipv6/conf/all/forwarding",
  value: "1",
});

/**
 * A link of the host that looks for no duplicates of its IPv6 addresses. From its own address a bridge asks for the
 * containers that packets from outside are for; as long as the detection lasted (2 s after the first container) it would
 * have none to ask from.
 */
export const withoutDetection = (link: string): Setting => ({
  key: `net/ipv6/conf/${link}/accept_dad`,
  value: "0",
  optional: true,
});

/**
 * A link of the host that hears no router advertisements: a container could tell the host where to route
 * (CVE-2020-10749). A bridge's ports need it too: frames to 01:80:c2:00:00:0e and its like pass by the bridge.
 */
export const ignoringAdvertisements = (link: string): Setting => ({
  key: `net/ipv6/conf/${link}/accept_ra`,
  value: "0",
  optional: true,
});
