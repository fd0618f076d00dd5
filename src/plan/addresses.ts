/** Addresses of the container's interface. */
import { type Address, addAddress, listAddresses } from "../../netlink/route/addresses.ts";
import { setLink } from "../../netlink/route/links.ts";
import { familyOf, formatAddress } from "../../netlink/wire/address.ts";
import { lastOf, parseCidr, withoutPrefix } from "../../netlink/wire/cidr.ts";
import { CniError, codes } from "../cni/error.ts";
import { sleep } from "../sys/time.ts";
import type { Resource } from "./resource.ts";
import type { Side } from "./side.ts";
import { containerIndex, containerLink } from "./veth.ts";

/** The netlink family of an address's text. */
export const netlinkFamily = (text: string) => (familyOf(text) === 4 ? "inet" : "inet6");

/** The address with its prefix length, as `ip address` shows it. */
export const cidrOf = ({ local, address, prefixlen }: Address): string => `${local ?? address}/${prefixlen}`;

export function addressesOf(side: Side, index: number, family: "inet" | "inet6"): Address[] {
  return side.route.list(listAddresses({ index, family }));
}

/** The request to add a cidr to a link; IPv4 networks of more than two addresses get their broadcast address. */
export function added(cidr: string, index: number, flags?: readonly "nodad"[]) {
  const { bytes, prefix } = parseCidr(cidr);
  const text = withoutPrefix(cidr);
  const broadcast =
    bytes.length === 4 && prefix < 31 ? { broadcast: formatAddress(lastOf({ bytes, prefix })) } : {};
  return addAddress({
    index,
    address: text,
    prefixlen: prefix,
    ...broadcast,
    ...(flags && { flags }),
  });
}

/** What to say of a link that does not have an address; nothing when it does. */
export function absence(side: Side, index: number, cidr: string): string[] {
  const found = addressesOf(side, index, netlinkFamily(cidr)).map(cidrOf);
  return found.includes(cidr) ? [] : [`it is not there, but ${found.join(", ") || "none of its family"}`];
}

/** An address of the container's interface. It goes with its link. */
export const containerAddress = (container: Side, ifname: string, cidr: string): Resource => ({
  describe: () => `address ${cidr} on ${ifname}`,
  ensure: () => void container.route.do(added(cidr, containerIndex(container, ifname))),
  check: () => absence(container, containerIndex(container, ifname), cidr),
  remove: () => undefined,
});

/** The container's interface set up: routes need it, and it announces its addresses (arp_notify). */
export const interfaceUp = (container: Side, ifname: string): Resource => ({
  describe: () => `${ifname} up`,
  ensure() {
    const index = containerIndex(container, ifname);
    container.route.do(setLink({ index, flags: ["up"], change: ["up"] }));
    return undefined;
  },
  check: () => (containerLink(container, ifname).flags.includes("up") ? [] : ["it is down"]),
  remove: () => undefined,
});

const SETTLE_PAUSE = 50;
const SETTLE_TRIES = 100;

/** Waits until no IPv6 address of the interface is tentative any more. @throws CniError for a duplicate address */
export const settled = (container: Side, ifname: string): Resource => ({
  describe: () => `IPv6 addresses of ${ifname} settled`,
  ensure() {
    const index = containerIndex(container, ifname);
    for (let tries = 0; tries < SETTLE_TRIES; tries++) {
      const addresses = addressesOf(container, index, "inet6");
      const duplicate = addresses.find(({ flags }) => flags?.includes("dadfailed"));
      if (duplicate !== undefined) throw taken(cidrOf(duplicate), ifname);
      if (!addresses.some(({ flags }) => flags?.includes("tentative"))) return undefined;
      sleep(SETTLE_PAUSE);
    }
    // A link that is down never finishes its detection, and nothing is wrong with that.
    if (containerLink(container, ifname).operstate !== "up") return undefined;
    throw new CniError({
      code: codes.failed,
      operation: "wait for the IPv6 addresses of",
      subject: ifname,
      cause: `they are still tentative after ${(SETTLE_PAUSE * SETTLE_TRIES) / 1000} s`,
      hint: "see what answers for them on the network",
    });
  },
  check: () => [],
  remove: () => undefined,
});

const taken = (cidr: string, ifname: string): CniError =>
  new CniError({
    code: codes.failed,
    operation: "add the address",
    subject: `${cidr} to ${ifname}`,
    cause: "another host of the network has it (duplicate address detection)",
    hint: "exclude it from the range, or stop the other one",
  });
