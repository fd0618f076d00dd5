/** Addresses of the container's interface, and of the bridge as their gateway. */
import { KernelError } from "../../netlink/errors.ts";
import { type Address, addAddress, deleteAddress, listAddresses } from "../../netlink/route/addresses.ts";
import { getLinkSummary, setLink } from "../../netlink/route/links.ts";
import { familyOf, formatAddress } from "../../netlink/wire/address.ts";
import { lastOf, overlap, parseCidr, withoutPrefix } from "../../netlink/wire/cidr.ts";
import { CniError, codes } from "../cni/error.ts";
import { sleep } from "../sys/time.ts";
import type { Resource } from "./resource.ts";
import type { Side } from "./side.ts";
import { containerIndex, containerLink } from "./veth.ts";

/** The netlink family of an address's text. */
const netlinkFamily = (text: string) => (familyOf(text) === 4 ? "inet" : "inet6");

/** The address with its prefix length, as `ip address` shows it. */
const cidrOf = ({ local, address, prefixlen }: Address): string => `${local ?? address}/${prefixlen}`;

function addressesOf(side: Side, index: number, family: "inet" | "inet6"): Address[] {
  return side.route.list(listAddresses({ index, family }));
}

/** The request to add a cidr to a link; IPv4 networks of more than two addresses get their broadcast address. */
function added(cidr: string, index: number, flags?: readonly "nodad"[]) {
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

/** An address of the container's interface. It goes with its link. */
export const containerAddress = (container: Side, ifname: string, cidr: string): Resource => ({
  describe: () => `address ${cidr} on ${ifname}`,
  ensure: () => void container.route.do(added(cidr, containerIndex(container, ifname))),
  check() {
    const index = containerIndex(container, ifname);
    const found = addressesOf(container, index, netlinkFamily(cidr)).map(cidrOf);
    return found.includes(cidr) ? [] : [`it is not there, but ${found.join(", ") || "none of its family"}`];
  },
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
      hint: 'set "enabledad" to false, or see what answers for them',
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

function conflicts(existing: readonly Address[], cidr: string): Address[] {
  const wanted = parseCidr(cidr);
  if (wanted.bytes.length === 4) return [...existing];
  const global = existing.filter(({ scope }) => scope !== "link");
  return global.filter((address) => overlap(parseCidr(cidrOf(address)), wanted));
}

function conflict(bridge: string, cidr: string, other: Address): CniError {
  return new CniError({
    code: codes.failed,
    operation: "add the gateway address",
    subject: `${cidr} to ${bridge}`,
    cause: `${bridge} has the address ${cidrOf(other)} already`,
    hint: 'give another "bridge" or the subnet of that address, or set "forceAddress" to replace it',
  });
}

const deviceIndex = (host: Side, name: string): number =>
  host.indexOf(name, () => host.route.get(getLinkSummary({ ifname: name })));

/**
 * The gateway's address on the bridge (or on its VLAN device). Shared: it stays when a container leaves.
 * @param force replace addresses that are in the way
 */
export const gatewayAddress = (host: Side, bridge: string, cidr: string, force: boolean): Resource => ({
  describe: () => `gateway address ${cidr} on ${bridge}`,
  ensure() {
    const index = deviceIndex(host, bridge);
    const existing = addressesOf(host, index, netlinkFamily(cidr));
    if (existing.some((address) => cidrOf(address) === cidr)) return undefined;
    for (const other of conflicts(existing, cidr)) {
      if (!force) throw conflict(bridge, cidr, other);
      host.route.do(
        deleteAddress({ index, address: withoutPrefix(cidrOf(other)), prefixlen: other.prefixlen }),
      );
    }
    try {
      // Nobody else has our gateway's address; a tentative one would not answer for a second.
      host.route.do(added(cidr, index, netlinkFamily(cidr) === "inet6" ? ["nodad"] : undefined));
    } catch (error) {
      if (!(error instanceof KernelError) || error.code !== "EEXIST") throw error;
    }
    return undefined;
  },
  check() {
    const found = addressesOf(host, deviceIndex(host, bridge), netlinkFamily(cidr)).map(cidrOf);
    return found.includes(cidr) ? [] : [`it is not there, but ${found.join(", ") || "none of its family"}`];
  },
  remove: () => undefined,
});
