/** Requests to conntrack: connections listed by what they are, looked up, and forgotten. */
import type { Client } from "../message/client.ts";
import { NLM_F } from "../message/header.ts";
import { change, dump, type Query, query, type Request } from "../message/request.ts";
import { Connection } from "./connection.ts";
import {
  type ConnectionFamily,
  type ConnectionFilter,
  type Direction,
  directionOf,
  familiesOf,
  filterAttributes,
  matches,
  tupleOf,
} from "./connection-filter.ts";
import { messageType } from "./nfnetlink.ts";
import { operation } from "./requests.ts";

/** Types of message, with the subsystem in the upper byte (enum cntl_msg_types). */
export const CT_MSG = {
  new: messageType("conntrack", 0),
  get: messageType("conntrack", 1),
  delete: messageType("conntrack", 2),
} as const;

/** What a direction is called in errors: `17 10.0.0.1:1000 10.0.0.2:53`. */
function named(does: string, direction: Direction): string {
  const { protocol, source, sourcePort, destination, destinationPort } = direction;
  return operation(
    `connection.${does}`,
    protocol,
    `${source}:${sourcePort}`,
    `${destination}:${destinationPort}`,
  );
}

/**
 * Asks for the connections of a family that a filter lets through. Addresses and ports are looked at by the kernel from
 * Linux 5.8 on, zones by newer ones only: an older one gives more, so look at what comes with `matches`.
 */
export const listConnections = (
  family: ConnectionFamily,
  filter: ConnectionFilter = {},
): Query<Connection> => {
  const body = { family, ...filterAttributes(filter, family) };
  return dump(operation("connection.list", family), CT_MSG.get, Connection, body, Connection);
};

/** Asks for the connection whose first packet was sent like this. Refused with `ENOENT` when there is none. */
export const getConnection = (original: Required<Direction>, zone?: number): Query<Connection> => {
  const [family = "ip"] = familiesOf({ original });
  const body = { family, tupleOrig: tupleOf(original, family), zone };
  // The answer is marked as one of several, though no end follows: the ack is the end.
  return query(named("get", original), CT_MSG.get, Connection, body, Connection, NLM_F.ack);
};

/**
 * Forgets a connection as it was listed, not a later one with the same addresses and ports.
 * Refused with `ENOENT` when it is gone.
 */
export const deleteConnection = ({ family, tupleOrig, zone, id }: Connection): Request => {
  const body = { family, tupleOrig, zone, id };
  return change(named("delete", directionOf(tupleOrig)), CT_MSG.delete, 0, Connection, body);
};

/**
 * Forgets all connections of a family. Without a filter on purpose: newer kernels would heed one, older ones would
 * forget everything all the same. See `forgetConnections`.
 */
export const flushConnections = (family: ConnectionFamily): Request => {
  // In version 0 the family does not count (nf_conntrack_netlink.c, ctnetlink_del_conntrack).
  const body = { family, version: 1 };
  return change(operation("connection.flush", family), CT_MSG.delete, 0, Connection, body);
};

/**
 * The connections that a filter means, of both families unless it has an address or `families` are given.
 * @throws KernelError
 */
export const connectionsOf = (
  client: Client,
  filter: ConnectionFilter = {},
  families = familiesOf(filter),
): Connection[] =>
  families
    .flatMap((family) => client.list(listConnections(family, filter)))
    .filter((connection) => matches(connection, filter));

/** Some of the connections that a filter means. */
export interface Among {
  readonly family?: ConnectionFamily;
  readonly only?: (original: Direction) => boolean;
}

/** How many requests go into one datagram, so that their acks fit the receive buffer. */
const AT_ONCE = 128;

/**
 * Forgets the connections that a filter means: UDP flows to a port that is no longer published, so that they are
 * translated anew. Connections that are gone meanwhile are fine.
 *
 *     forgetConnections(client, { original: { protocol: 17, destination: "192.0.2.1", destinationPort: 53 } })
 *
 * @param among how to pick some of them: by family, and by their first packet's direction
 * @returns how many there were
 * @throws KernelError
 */
export function forgetConnections(client: Client, filter: ConnectionFilter, among: Among = {}): number {
  const { family, only = () => true } = among;
  const found = connectionsOf(client, filter, family === undefined ? undefined : [family]);
  const requests = found.filter(({ tupleOrig }) => only(directionOf(tupleOrig))).map(deleteConnection);
  for (let start = 0; start < requests.length; start += AT_ONCE) {
    const refusals = client.attempt(requests.slice(start, start + AT_ONCE));
    const refusal = refusals.find((error) => error !== undefined && error.code !== "ENOENT");
    if (refusal !== undefined) throw refusal;
  }
  return requests.length;
}
