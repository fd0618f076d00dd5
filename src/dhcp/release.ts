/** Giving a lease back to its server, by the daemon or, when that is not running, by the plugin itself. */
import { SystemError } from "../../netlink/errors.ts";
import { listAddresses } from "../../netlink/route/addresses.ts";
import { withoutPrefix } from "../../netlink/wire/cidr.ts";
import { type Channel, openBroadcast, openUnicast } from "./channel.ts";
import { type Client, release } from "./client.ts";
import type { Lease } from "./lease.ts";
import { type OpenLink, withLink } from "./link.ts";
import type { Message } from "./message/message.ts";
import { OPTION } from "./message/options.ts";
import { clientIdentifier } from "./owner.ts";
import type { Owner, Stored, Wishes } from "./schema.ts";

/** The client that an owner is to servers; a configuration may give it another identifier, in all messages then. */
export function clientOf(owner: Owner, mac: string, wishes: Wishes, broadcast: boolean): Client {
  const provide = new Map(wishes.provide.map(({ option, value }) => [option, Uint8Array.fromHex(value)]));
  const id = provide.get(OPTION.clientIdentifier) ?? clientIdentifier(owner);
  return { mac, id, provide: [...provide], request: wishes.request, broadcast };
}

/**
 * Whether the link has the lease's address. Asked, since a namespace that never had an IPv4 address lets a socket have
 * any (inet_addr_type of net/ipv4/fib_frontend.c), and then sends from 0.0.0.0.
 */
const hasAddress = ({ side, link }: OpenLink, lease: Lease): boolean =>
  side.route
    .list(listAddresses({ index: link.index, family: "inet" }))
    .some(({ local }) => local === withoutPrefix(lease.address));

/** The way to the lease's server from its address; to everybody where the link does not have that address. @throws SystemError */
export function openToServer(open: OpenLink, lease: Lease): Channel {
  if (!hasAddress(open, lease)) return openBroadcast(open);
  try {
    return openUnicast(open, lease);
  } catch (error) {
    // A DHCP client of the container's own has the port.
    if (!(error instanceof SystemError && error.code === "EADDRINUSE")) throw error;
    return openBroadcast(open);
  }
}

/** Sends one message that nobody answers. @throws SystemError */
export function sendOnce(open: OpenLink, message: Message): void {
  using channel = openBroadcast(open);
  channel.send(message);
}

/**
 * Gives a stored lease back.
 * @throws LinkGone when there is no way to its server any more; SystemError, KernelError, CniError
 */
export function releaseStored({ owner, netns, link, mac, wishes, lease }: Stored): void {
  const transaction = Math.floor(Math.random() * 2 ** 32);
  const message = release(clientOf(owner, mac, wishes, false), transaction, lease);
  withLink(netns, owner.ifname, link, (open) => sendOnce(open, message));
}
