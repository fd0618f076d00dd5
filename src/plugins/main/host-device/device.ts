/** A device as it is on the host, before a container gets it; and how it is known again wherever it is by then. */
import { type Address, listAddresses } from "../../../../netlink/route/addresses.ts";
import { type Link, listLinks } from "../../../../netlink/route/links.ts";
import { isAddress } from "../../../../netlink/wire/address.ts";
import { JsonObject, readText } from "../../../cni/json.ts";
import { givenFlags, type KeptAddress } from "../../../plan/kept-addresses.ts";
import type { Side } from "../../../plan/side.ts";

export interface Device {
  readonly name: string;
  readonly index: number;
  /** The kind of a link that is no hardware. */
  readonly kind?: string | undefined;
  /** Link-layer address. */
  readonly address?: string | undefined;
  /** The link-layer address that the hardware has for ever. */
  readonly permanent?: string | undefined;
  readonly alias?: string | undefined;
  readonly up: boolean;
  /** Those that the host gave it. */
  readonly addresses: readonly KeptAddress[];
}

/** The lifetimes of an address that has any. */
const lifetimes = ({ flags = [], cacheinfo }: Address): Pick<KeptAddress, "cacheinfo"> =>
  flags.includes("permanent") ? {} : { cacheinfo };

const kept = (found: Address): KeptAddress => {
  const { address, local, prefixlen, broadcast, label, flags, rtPriority } = found;
  return {
    address: address ?? local!,
    prefixlen,
    local: local ?? address!,
    broadcast,
    label,
    flags: givenFlags(flags),
    rtPriority,
    ...lifetimes(found),
  };
};

/** The device as it is now. Addresses of the link itself are left out: the kernel makes them. */
export const deviceOf = (host: Side, link: Link): Device => ({
  name: link.ifname!,
  index: link.index,
  kind: link.linkinfo?.kind,
  address: link.address,
  permanent: link.permAddress,
  alias: link.ifalias,
  up: link.flags.includes("up"),
  addresses: host.route
    .list(listAddresses({ index: link.index }))
    .filter(({ scope }) => scope !== "link")
    .map(kept),
});

/** The device without addresses that have a lifetime: these come again from wherever they came. */
export const lasting = (device: Device): Device => ({
  ...device,
  addresses: device.addresses.filter(({ cacheinfo }) => cacheinfo === undefined),
});

/**
 * Whether a link is the device. A container may have renamed it, given it another address or alias, and an index is
 * another one where it was taken; so that of hardware the permanent address has to be right, of other links the
 * kind, and besides one, or two, of these three.
 */
export function isDevice(link: Link, device: Device): boolean {
  const { index, ifalias, address, permAddress, linkinfo, flags } = link;
  // Every namespace has one, with the same index and address.
  if (flags.includes("loopback")) return false;
  const signs = [index === device.index, ifalias === device.name, address === device.address];
  const right = signs.filter(Boolean).length;
  if (device.permanent !== undefined) return permAddress === device.permanent && right >= 1;
  return linkinfo?.kind === device.kind && right >= 2;
}

/** The device in a namespace, under whatever name. */
export const findDevice = (side: Side, device: Device): Link | undefined =>
  side.route.list(listLinks({ extMask: ["skipStats"] })).find((link) => isDevice(link, device));

const flag = (object: JsonObject, key: string): boolean => object.value(key) === true;

function readAddress(json: unknown, path: string): KeptAddress {
  const object = new JsonObject(json, path);
  const address = object.required("address", readText);
  if (!isAddress(address)) throw new TypeError(`${path} is no address`);
  return {
    address,
    prefixlen: object.integer("prefixlen") ?? 0,
    local: object.text("local") ?? address,
    broadcast: object.text("broadcast"),
    label: object.text("label"),
    flags: givenFlags(object.list("flags", readText)),
    rtPriority: object.integer("rtPriority"),
  };
}

/** A device out of decoded JSON. @throws Error when it is none */
export function readDevice(json: unknown, path: string): Device {
  const object = new JsonObject(json, path);
  return {
    name: object.required("name", readText),
    index: object.integer("index") ?? 0,
    kind: object.text("kind"),
    address: object.text("address"),
    permanent: object.text("permanent"),
    alias: object.text("alias"),
    up: flag(object, "up"),
    addresses: object.list("addresses", readAddress),
  };
}
