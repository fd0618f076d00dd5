/** `host-local`: gives out addresses from ranges, and keeps them in files on this host. */
import { isAddress } from "../../../../netlink/wire/address.ts";
import { withoutPrefix } from "../../../../netlink/wire/cidr.ts";
import { canonicalAddress, canonicalCidr } from "../../../cni/address.ts";
import { parseArguments } from "../../../cni/arguments.ts";
import { configured } from "../../../cni/config/configure.ts";
import { ConfigError } from "../../../cni/config/error.ts";
import { CniError, codes } from "../../../cni/error.ts";
import type { Attachment, Call, Plugin, Request } from "../../../cni/plugin.ts";
import type { Dns, Route } from "../../../cni/result.ts";
import { resultFamily } from "../../../cni/versions.ts";
import { identityOf, type PluginName } from "../../../names.ts";
import { readText } from "../../../sys/files.ts";
import { type Address, readAddress, sameAddress } from "./address.ts";
import { allocate, check, collect, release, status } from "./host-local.ts";
import { type RangeSet, readRangeSets } from "./ranges.ts";
import { readResolvConf } from "./resolv.ts";
import { shapeOfHostLocal } from "./schema.ts" with { type: "macro" };
import type { HostLocal } from "./schema.ts";
import { leaseDirectory } from "./store.ts";

const attachmentOf = ({ containerId, ifname }: Request): Attachment => ({ containerID: containerId, ifname });

/** Results before 0.3.0 have room for one address of each family. */
function checkRoom(sets: readonly RangeSet[], version: string): void {
  if (resultFamily(version) !== "02x") return;
  for (const family of [4, 6]) {
    if (sets.filter(([range]) => range?.family === family).length <= 1) continue;
    const problem = `more than one range set of IPv${family} does not go with cniVersion ${version}`;
    throw new ConfigError([{ path: "ipam", problem, hint: "set cniVersion to 0.3.0 or later" }]);
  }
}

/** @throws ConfigError */
function rangeSetsOf({ config: { ipam, runtimeConfig }, version }: Call<HostLocal>): RangeSet[] {
  const sets = readRangeSets({ runtime: runtimeConfig?.ipRanges, single: ipam, ranges: ipam.ranges });
  checkRoom(sets, version);
  return sets;
}

/**
 * The addresses that runtime or person ask for, each once. `MAC` is for the plugin that delegates to this one.
 * @throws CniError with code 4 when CNI_ARGS cannot be read
 */
function requestedOf({ args, config }: Call<HostLocal>): Address[] {
  const { IP } = parseArguments(args, ["IP", "MAC"]);
  if (IP && !isAddress(withoutPrefix(IP))) {
    throw new CniError({
      code: codes.invalidEnvironment,
      operation: "read CNI_ARGS",
      cause: `IP is "${IP}"`,
      hint: "write one address, such as IP=10.1.0.5",
    });
  }
  const texts = [...(IP ? [IP] : []), ...(config.args?.cni?.ips ?? []), ...(config.runtimeConfig?.ips ?? [])];
  const addresses = texts.map((text) => readAddress(withoutPrefix(text)));
  return addresses.filter(
    (address, index) => addresses.findIndex((other) => sameAddress(other, address)) === index,
  );
}

const routesOf = ({ ipam }: HostLocal): Route[] =>
  (ipam.routes ?? []).map((route) => ({
    ...route,
    dst: canonicalCidr(route.dst),
    gw: route.gw === undefined ? undefined : canonicalAddress(route.gw),
  }));

const dnsOf = ({ ipam: { resolvConf } }: HostLocal): Dns =>
  resolvConf === undefined ? {} : readResolvConf(readText(resolvConf));

/**
 * The directory of the network's leases; nothing when there is no `ipam`, with which no ADD can have worked. (DEL and GC
 * come with configurations that ADD refuses: a lease has to be found when its range has become invalid.)
 */
const directoryOf = ({ name, ipam }: { name: string; ipam?: { dataDir: string } }): string | undefined =>
  ipam && leaseDirectory(ipam.dataDir, name);

/** The plugin under a name: `flatnet-ipam` has the same keys and files. */
export const rangesPlugin = (name: PluginName): Plugin<HostLocal> => ({
  ...identityOf(name),
  configure: configured(() => shapeOfHostLocal()),

  add(call) {
    const dns = dnsOf(call.config);
    const sets = rangeSetsOf(call);
    const directory = leaseDirectory(call.config.ipam.dataDir, call.config.name);
    const ips = allocate(directory, sets, attachmentOf(call), requestedOf(call));
    return { interfaces: [], ips, routes: routesOf(call.config), dns };
  },

  del(call) {
    const directory = directoryOf(call.config);
    if (directory !== undefined) release(directory, attachmentOf(call));
  },

  check(call) {
    rangeSetsOf(call);
    check(leaseDirectory(call.config.ipam.dataDir, call.config.name), attachmentOf(call));
  },

  gc(call) {
    const directory = directoryOf(call.config);
    if (directory !== undefined) collect(directory, call.validAttachments);
  },

  status(call) {
    status(leaseDirectory(call.config.ipam.dataDir, call.config.name), rangeSetsOf(call));
  },
});

export const plugin = rangesPlugin("host-local");
