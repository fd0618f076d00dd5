/** Ranges of addresses: read from the configuration, with every mistake named, and brought into their order. */
import { firstOf, lastOf, networkOf, parseCidr } from "../../../../netlink/wire/cidr.ts";
import { canonicalCidr } from "../../../cni/address.ts";
import { ConfigError } from "../../../cni/config/error.ts";
import { type Address, addressText, fromBytes, readAddress } from "./address.ts";

/** A range as the configuration says it, after the schema's check of its form. */
export interface RangeConfig {
  readonly subnet: string;
  readonly rangeStart?: string | undefined;
  readonly rangeEnd?: string | undefined;
  readonly gateway?: string | undefined;
}

/** Addresses of one subnet, both ends included. */
export interface Range {
  readonly family: 4 | 6;
  /** Bits of the subnet's prefix. */
  readonly prefix: number;
  readonly start: bigint;
  readonly end: bigint;
  /** Never given out. It may lie outside of range and subnet. */
  readonly gateway: Address;
}

/** Ranges out of which an attachment gets one address; its place among the sets is its number. */
export type RangeSet = readonly Range[];

const invalid = (path: string, problem: string, hint: string): ConfigError =>
  new ConfigError([{ path, problem, hint }]);

export const rangeHas = ({ family, start, end }: Range, address: Address): boolean =>
  family === address.family && start <= address.value && address.value <= end;

/** `10.1.0.1-10.1.0.254`, and several with commas between them. */
export const setText = (set: RangeSet): string =>
  set
    .map(({ family, start, end }) => [start, end].map((value) => addressText({ family, value })).join("-"))
    .join(",");

/** The subnet's family, prefix, and first and last address. */
function readSubnet(text: string, path: string) {
  const cidr = parseCidr(canonicalCidr(text));
  const bits = 8 * cidr.bytes.length;
  const { family, value: first } = fromBytes(firstOf(cidr));
  if (fromBytes(cidr.bytes).value !== first)
    throw invalid(path, `${text} has bits set after its prefix`, `write ${networkOf(cidr)}`);
  if (cidr.prefix > bits - 2)
    throw invalid(path, `${text} is too small`, `its prefix may have at most ${bits - 2} bits`);
  return { family, prefix: cidr.prefix, first, last: fromBytes(lastOf(cidr)).value };
}

/**
 * A range with what it leaves out filled in: start and gateway are the first address after the subnet's own, the end
 * is the subnet's last address, for IPv4 the one before the broadcast address.
 * @param path where the range stands in the configuration: `ipam.ranges[0][1]`
 * @throws ConfigError
 */
export function readRange(config: RangeConfig, path: string): Range {
  const { family, prefix, first, last } = readSubnet(config.subnet, `${path}.subnet`);
  const bound = (key: "rangeStart" | "rangeEnd", otherwise: bigint): bigint => {
    const text = config[key];
    if (text === undefined) return otherwise;
    const address = readAddress(text);
    if (address.family === family && first <= address.value && address.value <= last) return address.value;
    throw invalid(`${path}.${key}`, `${text} is not in ${config.subnet}`, "choose an address of the subnet");
  };
  const start = bound("rangeStart", first + 1n);
  const end = bound("rangeEnd", family === 4 ? last - 1n : last);
  if (end < start) {
    const problem = `${addressText({ family, value: end })} comes before the range's start ${addressText({ family, value: start })}`;
    throw invalid(`${path}.rangeEnd`, problem, "exchange them or correct one");
  }
  const gateway = config.gateway === undefined ? { family, value: first + 1n } : readAddress(config.gateway);
  return { family, prefix, start, end, gateway };
}

const overlap = (a: Range, b: Range): boolean =>
  a.family === b.family && a.start <= b.end && b.start <= a.end;

/** A range and where it stands. */
interface Placed {
  readonly range: Range;
  readonly path: string;
}

/** Refuses ranges that share addresses, be they of one set or of two. */
function checkApart(placed: readonly Placed[]): void {
  for (const [index, later] of placed.entries()) {
    const earlier = placed.slice(0, index).find(({ range }) => overlap(range, later.range));
    if (earlier === undefined) continue;
    const problem = `${setText([later.range])} overlaps ${setText([earlier.range])} of ${earlier.path}`;
    throw invalid(later.path, problem, "give every address to one range only");
  }
}

/** The ranges of one set. */
function readSet(configs: readonly RangeConfig[], path: string): Placed[] {
  if (configs.length === 0)
    throw invalid(path, "a range set without a range", "give it a range or remove it");
  const placed = configs.map((config, index) => {
    const place = `${path}[${index}]`;
    return { range: readRange(config, place), path: place };
  });
  const stray = placed.find(({ range }) => range.family !== placed[0]!.range.family);
  if (stray !== undefined)
    throw invalid(stray.path, "a set mixes IPv4 and IPv6", "give each family a set of its own");
  return placed;
}

/** Where ranges come from, in the order in which sets are numbered. */
export interface RangeSources {
  /** `runtimeConfig.ipRanges` */
  readonly runtime?: readonly (readonly RangeConfig[])[] | undefined;
  /** The keys of a single range in `ipam` itself. Without `subnet` they are no range. */
  readonly single?: (Omit<RangeConfig, "subnet"> & { readonly subnet?: string | undefined }) | undefined;
  /** `ipam.ranges` */
  readonly ranges?: readonly (readonly RangeConfig[])[] | undefined;
}

/**
 * All range sets, in the order that numbers them.
 * @throws ConfigError when there is none, or one has a mistake, or two share addresses
 */
export function readRangeSets({ runtime = [], single, ranges = [] }: RangeSources): RangeSet[] {
  const sets = runtime.map((set, index) => readSet(set, `runtimeConfig.ipRanges[${index}]`));
  const subnet = single?.subnet;
  if (subnet !== undefined) sets.push([{ range: readRange({ ...single, subnet }, "ipam"), path: "ipam" }]);
  sets.push(...ranges.map((set, index) => readSet(set, `ipam.ranges[${index}]`)));
  if (sets.length === 0)
    throw invalid("ipam", "there is no range to give addresses from", "set subnet, or ranges");
  checkApart(sets.flat());
  return sets.map((set) => set.map(({ range }) => range));
}
