/** `host-local`: gives out addresses from ranges, and keeps them in files on this host. */
import { isAddress } from "../../../../netlink/wire/address.ts";
import { withoutPrefix } from "../../../../netlink/wire/cidr.ts";
import { parseArguments } from "../../../cni/arguments.ts";
import { configured } from "../../../cni/config/configure.ts";
import { attachmentOf, type Call, type Plugin } from "../../../cni/plugin.ts";
import type { Dns } from "../../../cni/result.ts";
import { identityOf, type PluginName } from "../../../names.ts";
import { previousAddresses } from "../../../plan/attaching/previous.ts";
import { badArgument, checkRoom, routesOf } from "../../../plan/ipam.ts";
import { readText } from "../../../sys/files.ts";
import { type Address, readAddress, sameAddress } from "./address.ts";
import { isIn } from "./allocator.ts";
import { allocate, check, collect, release, status } from "./host-local.ts";
import { type RangeSet, readRangeSets } from "./ranges.ts";
import { deadLeases } from "./reclaim.ts";
import { readResolvConf } from "./resolv.ts";
import { shapeOfHostLocal } from "./schema.ts" with { type: "macro" };
import type { HostLocal } from "./schema.ts";
import { leaseDirectory } from "./store.ts";

/** @throws ConfigError */
function rangeSetsOf({ config: { ipam, runtimeConfig }, version }: Call<HostLocal>): RangeSet[] {
  const sets = readRangeSets({ runtime: runtimeConfig?.ipRanges, single: ipam, ranges: ipam.ranges });
  checkRoom(
    sets.map(([range]) => range!.family),
    "range set",
    version,
  );
  return sets;
}

/**
 * The addresses that runtime or person ask for, each once. `MAC` is for the plugin that delegates to this one.
 * @throws CniError with code 4 when CNI_ARGS cannot be read
 */
function requestedOf({ args, config }: Call<HostLocal>): Address[] {
  const { IP } = parseArguments(args, ["IP", "MAC"]);
  if (IP && !isAddress(withoutPrefix(IP))) {
    throw badArgument("IP", IP, "write one address, such as IP=10.1.0.5");
  }
  const texts = [...(IP ? [IP] : []), ...(config.args?.cni?.ips ?? []), ...(config.runtimeConfig?.ips ?? [])];
  const addresses = texts.map((text) => readAddress(withoutPrefix(text)));
  return addresses.filter(
    (address, index) => addresses.findIndex((other) => sameAddress(other, address)) === index,
  );
}

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
    const ips = allocate(directory, sets, attachmentOf(call), requestedOf(call), deadLeases(call, directory));
    return { interfaces: [], ips, routes: routesOf(call.config.ipam.routes), dns };
  },

  del(call) {
    const directory = directoryOf(call.config);
    if (directory !== undefined) release(directory, attachmentOf(call));
  },

  check(call) {
    const sets = rangeSetsOf(call);
    const given = previousAddresses(call.prevResult, call.ifname).map(({ address }) =>
      withoutPrefix(address),
    );
    const ofSets = given.filter((text) => sets.some((set) => isIn(set)(text)));
    check(leaseDirectory(call.config.ipam.dataDir, call.config.name), attachmentOf(call), ofSets);
  },

  gc(call) {
    const directory = directoryOf(call.config);
    if (directory !== undefined) collect(directory, call.validAttachments, deadLeases(call, directory));
  },

  status(call) {
    const directory = leaseDirectory(call.config.ipam.dataDir, call.config.name);
    status(directory, rangeSetsOf(call), deadLeases(call, directory));
  },
});

export const plugin = rangesPlugin("host-local");
