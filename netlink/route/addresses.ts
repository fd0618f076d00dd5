/**
 * Addresses of links: struct ifaddrmsg and IFA_* (linux/if_addr.h), and the requests about them
 * (net/ipv4/devinet.c, net/ipv6/addrconf.c of the kernel). Nothing is sent here.
 */
import {
  address,
  attr,
  cstring,
  flags,
  type Infer,
  type InferInput,
  message,
  oneOf,
  s32,
  struct,
  u8,
  u32,
} from "../codec/index.ts";
import { NLM_F } from "../message/header.ts";
import { change, dump, type Query, type Request } from "../message/request.ts";
import { bitsOfAddress, Family, familyOfAddress, RTM, Scope } from "./names.ts";

/** IFA_F_*; for IPv4 `secondary` is what IPv6 calls temporary. */
const addressFlags = {
  secondary: 0x1,
  nodad: 0x2,
  optimistic: 0x4,
  dadfailed: 0x8,
  homeaddress: 0x10,
  deprecated: 0x20,
  tentative: 0x40,
  permanent: 0x80,
} as const;

export const Address = message(
  {
    family: Family,
    /** Number of bits. */
    prefixlen: u8,
    /** The first eight of `flags`; the kernel looks here only when `flags` is absent. */
    headerFlags: flags(u8, addressFlags),
    scope: Scope,
    /** Index of the link. */
    index: u32,
  },
  () => ({
    /** The address; on a point-to-point link the peer's, and `local` is this end's. */
    address: attr(1, address),
    local: attr(2, address),
    /** The link's name, or one that begins with it and a colon: `eth0:web`. At most 15 bytes. */
    label: attr(3, cstring),
    broadcast: attr(4, address),
    /** IPv6, in replies. */
    anycast: attr(5, address),
    /** Seconds, 0xffffffff for ever; `cstamp` and `tstamp` (made, changed) in 1/100 s since boot. */
    cacheinfo: attr(6, struct({ prefered: u32, valid: u32, cstamp: u32, tstamp: u32 })),
    multicast: attr(7, address),
    flags: attr(
      8,
      flags(u32, {
        ...addressFlags,
        managetempaddr: 0x100,
        noprefixroute: 0x200,
        mcautojoin: 0x400,
        stablePrivacy: 0x800,
      }),
    ),
    /** Metric of the route to the prefix. */
    rtPriority: attr(9, u32),
    /** Id of another namespace, of which the request is meant. */
    targetNetnsid: attr(10, s32),
    /** Who made it (IFAPROT_*). */
    proto: attr(11, oneOf(u8, { unspec: 0, kernelLo: 1, kernelRa: 2, kernelLl: 3 })),
  }),
);
/** An address as the kernel tells of it. */
export type Address = Infer<typeof Address>;
/** An address in a request. What `listAddresses` gave fits as well. */
export type AddressInput = InferInput<typeof Address> & { index: number; address: string };

/** `given` with what follows from it: the family, all bits as the prefix, and the local address that the kernel wants. */
function complete(given: AddressInput): AddressInput {
  const own = given.local ?? given.address;
  return {
    family: familyOfAddress(own),
    prefixlen: bitsOfAddress(own),
    scope: own.startsWith("127.") ? "host" : "universe",
    local: own,
    ...given,
  };
}

function changeAddress(word: string, type: number, flags: number, given: AddressInput): Request {
  const body = complete(given);
  const operation = `address.${word} ${body.local}/${body.prefixlen} dev ${body.index}`;
  return change(operation, type, flags, Address, body);
}

/**
 * Gives a link an address: `ip address add`. No broadcast address is set unless it is given.
 *
 *     addAddress({ index: 3, address: "10.1.0.1", prefixlen: 16, broadcast: "10.1.255.255" })
 *
 * @param address `prefixlen` is all bits unless given
 * @returns a request refused with `EEXIST` when the link has it, `ENODEV` when there is no such link, `EACCES` when
 * IPv6 is disabled there, `EINVAL` when it is no address for a host
 */
export const addAddress = (address: AddressInput): Request =>
  changeAddress("add", RTM.newaddr, NLM_F.create | NLM_F.exclusive, address);

/** Gives a link an address, or changes lifetimes, flags and metric of the one it has: `ip address replace`. */
export const replaceAddress = (address: AddressInput): Request =>
  changeAddress("replace", RTM.newaddr, NLM_F.create | NLM_F.replace, address);

/** Takes an address from a link: `ip address delete`. @returns a request refused with `EADDRNOTAVAIL` without it */
export const deleteAddress = (address: AddressInput): Request =>
  changeAddress("delete", RTM.deladdr, 0, address);

/**
 * Asks for all addresses, or those of a link, of a family, of another namespace: `ip address show dev eth0`.
 * @returns a query refused with `ENODEV` when there is no link of this `index`
 */
export function listAddresses(
  filter: { index?: number; family?: "inet" | "inet6"; targetNetnsid?: number } = {},
): Query<Address> {
  return dump("address.list", RTM.getaddr, Address, filter, Address);
}
