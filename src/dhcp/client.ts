/** What a client says in its messages (RFC 2131, table 5). */

import { parseAddress } from "../../netlink/wire/address.ts";
import { withoutPrefix } from "../../netlink/wire/cidr.ts";
import type { Lease } from "./lease.ts";
import { type Message, NO_ADDRESS } from "./message/message.ts";
import { type MessageType, OPTION, TYPE } from "./message/options.ts";

/** Who asks: the same in every message, since servers know a client by it. */
export interface Client {
  readonly mac: string;
  /** Option 61. */
  readonly id: Uint8Array;
  /** Options that the configuration adds. */
  readonly provide: readonly (readonly [number: number, value: Uint8Array])[];
  /** The options that servers are asked for (option 55). */
  readonly request: readonly number[];
  /** Whether answers shall come by broadcast. */
  readonly broadcast: boolean;
}

/** What one message adds to that. */
interface Saying {
  readonly transaction: number;
  readonly seconds?: number;
  /** The address that the client has. */
  readonly clientAddress?: string;
  readonly requestedAddress?: string | undefined;
  readonly server?: string;
}

/** The longest message that the client takes: that of one Ethernet frame. */
const LARGEST = Uint8Array.of(1500 >> 8, 1500 & 255);

function message(client: Client, type: MessageType, saying: Saying): Message {
  const options = new Map<number, Uint8Array>([[OPTION.messageType, Uint8Array.of(TYPE[type])]]);
  const { requestedAddress, server } = saying;
  if (requestedAddress !== undefined) options.set(OPTION.requestedAddress, parseAddress(requestedAddress));
  if (server !== undefined) options.set(OPTION.serverIdentifier, parseAddress(server));
  const asks = type === "discover" || type === "request";
  if (asks) options.set(OPTION.maximumMessageSize, LARGEST);
  options.set(OPTION.clientIdentifier, client.id);
  if (asks && client.request.length > 0)
    options.set(OPTION.parameterRequestList, Uint8Array.from(client.request));
  // Last: what the configuration says takes the place of what is said otherwise.
  if (asks) for (const [number, value] of client.provide) options.set(number, value);
  return {
    op: "request",
    transaction: saying.transaction,
    seconds: saying.seconds ?? 0,
    broadcast: asks && client.broadcast && saying.clientAddress === undefined,
    clientAddress: saying.clientAddress ?? NO_ADDRESS,
    yourAddress: NO_ADDRESS,
    mac: client.mac,
    options,
  };
}

/** Asks every server for an offer. @param address one that the client would like to have, such as that of its last lease */
export const discover = (client: Client, transaction: number, seconds: number, address?: string): Message =>
  message(client, "discover", { transaction, seconds, requestedAddress: address });

/** Takes one server's offer, and declines those of the others by it. */
export const select = (
  client: Client,
  transaction: number,
  seconds: number,
  offer: { readonly address: string; readonly server: string },
): Message =>
  message(client, "request", {
    transaction,
    seconds,
    requestedAddress: withoutPrefix(offer.address),
    server: offer.server,
  });

/** Asks for more time: the server of the lease at first, then any. Neither server nor address are among the options. */
export const renew = (client: Client, transaction: number, lease: Lease): Message =>
  message(client, "request", { transaction, clientAddress: withoutPrefix(lease.address) });

/** Gives a lease back. No server answers. */
export const release = (client: Client, transaction: number, lease: Lease): Message =>
  message(client, "release", {
    transaction,
    clientAddress: withoutPrefix(lease.address),
    server: lease.server,
  });

/** Tells the server that somebody else has the address that it gave. No server answers. */
export const decline = (client: Client, transaction: number, lease: Lease): Message =>
  message(client, "decline", {
    transaction,
    requestedAddress: withoutPrefix(lease.address),
    server: lease.server,
  });
