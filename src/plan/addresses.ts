/** Addresses of the container's interface, and of the bridge as their gateway. */
import { type Address, addAddress, deleteAddress, listAddresses } from "../../netlink/route/addresses.ts";
import { getLinkSummary, setLink } from "../../netlink/route/links.ts";
import { familyOf, formatAddress } from "../../netlink/wire/address.ts";
import { lastOf, overlap, parseCidr, withoutPrefix } from "../../netlink/wire/cidr.ts";
import { CniError, codes } from "../cni/error.ts";
import { sleep } from "../sys/time.ts";
import { bridgeIndex, isUnused, keepMac } from "./bridge.ts";
import { type Resource, undoable } from "./resource.ts";
import type { Side } from "./side.ts";
import { sysctls } from "./sysctls.ts";
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
    hint: 'give another "bridge" or the subnet of that address, or delete that address',
  });
}

const deviceIndex = (host: Side, name: string): number =>
  host.linkOf(name, () => host.route.get(getLinkSummary({ ifname: name }))).index;

/** Adds the gateway's address. Somebody who was faster is as good. @throws KernelError */
function addGateway(host: Side, device: string, cidr: string): void {
  // Nobody else has our gateway's address; a tentative one would not answer for a second.
  const flags = netlinkFamily(cidr) === "inet6" ? (["nodad"] as const) : undefined;
  const request = added(cidr, deviceIndex(host, device), flags);
  const [refusal] = host.route.attempt([request]);
  if (refusal === undefined || refusal.code === "EEXIST") return;
  if (refusal.code !== "EACCES") throw refusal;
  // IPv6 is switched off on the device, as on a host that has it off by default; an IPv6 gateway asks for it.
  sysctls(host, [{ key: `net/ipv6/conf/${device}/disable_ipv6`, value: "0" }]).ensure();
  host.route.do(request);
}

export interface GatewayOptions {
  /** The bridge whose containers it is for. */
  readonly bridge: string;
  /** The bridge itself, or its VLAN device. */
  readonly device: string;
  /** Address and prefix length. */
  readonly cidr: string;
  /** Replace addresses that are in the way. */
  readonly force: boolean;
  /** The port of the bridge that it is made for. */
  readonly port: string;
}

/** The gateway's address on the bridge (or on its VLAN device). Shared: it stays when a container leaves. */
export const gatewayAddress = (host: Side, options: GatewayOptions): Resource => {
  const { bridge, device, cidr, force, port } = options;
  const index = () => deviceIndex(host, device);
  const address = { address: withoutPrefix(cidr), prefixlen: parseCidr(cidr).prefix };
  const takeBack = (): void => {
    const unused = isUnused(host, { index: bridgeIndex(host, bridge) }, port);
    if (unused) host.route.attempt([deleteAddress({ index: index(), ...address })]);
  };
  return {
    describe: () => `gateway address ${cidr} on ${device}`,
    ensure() {
      const existing = addressesOf(host, index(), netlinkFamily(cidr));
      if (existing.some((address) => cidrOf(address) === cidr)) return undefined;
      for (const other of conflicts(existing, cidr)) {
        if (!force) throw conflict(device, cidr, other);
        const { prefixlen } = other;
        host.route.do(deleteAddress({ index: index(), address: withoutPrefix(cidrOf(other)), prefixlen }));
      }
      if (device === bridge) keepMac(host, bridge);
      return undoable(() => addGateway(host, device, cidr), takeBack);
    },
    check() {
      const found = addressesOf(host, index(), netlinkFamily(cidr)).map(cidrOf);
      return found.includes(cidr) ? [] : [`it is not there, but ${found.join(", ") || "none of its family"}`];
    },
    remove: () => undefined,
  };
};
