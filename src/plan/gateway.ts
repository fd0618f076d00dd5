/** The addresses by which the host is the gateway of containers. */
import { type Address, addAddress, deleteAddress } from "../../netlink/route/addresses.ts";
import type { LinkSummary } from "../../netlink/route/link/summary.ts";
import { getLinkSummary } from "../../netlink/route/links.ts";
import { familyOf } from "../../netlink/wire/address.ts";
import { overlap, parseCidr, withoutPrefix } from "../../netlink/wire/cidr.ts";
import { CniError, codes } from "../cni/error.ts";
import { absence, added, addressesOf, cidrOf, netlinkFamily } from "./addresses.ts";
import { bridgeIndex, isUnused, keepMac } from "./bridge.ts";
import { allOrNothing, inReverse, type Resource, type Undo, undoable } from "./resource.ts";
import type { Side } from "./side.ts";
import { sysctls } from "./sysctls.ts";

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

/** A link of the host as it was when it was found. @throws KernelError when there is none */
export const hostDevice = (host: Side, name: string): LinkSummary =>
  host.linkOf(name, () => host.route.get(getLinkSummary({ ifname: name })));

const deviceIndex = (host: Side, name: string): number => hostDevice(host, name).index;

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

/** Takes addresses off a link. @returns how to put them on again */
function clear(host: Side, index: number, addresses: readonly Address[]): Undo {
  const putBack = (): void => {
    for (const address of addresses) {
      const [refusal] = host.route.attempt([addAddress({ ...address, address: address.address! })]);
      if (refusal !== undefined && refusal.code !== "EEXIST") throw refusal;
    }
  };
  return undoable(() => {
    for (const address of addresses) {
      const { prefixlen } = address;
      const request = deleteAddress({ index, address: withoutPrefix(cidrOf(address)), prefixlen });
      const [refusal] = host.route.attempt([request]);
      // The others of a subnet go with its first.
      if (refusal !== undefined && refusal.code !== "EADDRNOTAVAIL") throw refusal;
    }
  }, putBack);
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
      const inTheWay = conflicts(existing, cidr);
      if (!force && inTheWay.length > 0) throw conflict(device, cidr, inTheWay[0]!);
      return allOrNothing((made) => {
        const putBack = clear(host, index(), inTheWay);
        made.remember(putBack);
        if (device === bridge) keepMac(host, bridge);
        return inReverse(
          putBack,
          undoable(() => addGateway(host, device, cidr), takeBack),
        );
      });
    },
    check: () => absence(host, index(), cidr),
    remove: () => undefined,
  };
};

/** An address as a network of its own: `10.1.2.2/32`. */
export const single = (address: string): string => `${address}/${familyOf(address) === 4 ? 32 : 128}`;

/** The gateway's address on the host's end of a pair, whose only neighbour is the container. It goes with its link. */
export const endAddress = (host: Side, device: string, gateway: string): Resource => ({
  describe: () => `gateway address ${single(gateway)} on ${device}`,
  ensure: () => void addGateway(host, device, single(gateway)),
  check: () => absence(host, deviceIndex(host, device), single(gateway)),
  remove: () => undefined,
});
