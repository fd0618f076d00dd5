/** Which connections are meant: for the kernel, as far as it can pick them out, and for those that it has given. */
import { EncodeError } from "../errors.ts";
import { familyOf, formatAddress, parseAddress } from "../wire/address.ts";
import type { Connection, filterFlags, Tuple } from "./connection.ts";
import type { statusBits } from "./status.ts";

/** What the packets of one direction have in common; what is left out may be anything. */
export interface Direction {
  /** An address; both of a direction are of one family. */
  readonly source?: string | undefined;
  readonly destination?: string | undefined;
  /** The transport protocol's number: 6 is TCP, 17 UDP, 132 SCTP. */
  readonly protocol?: number | undefined;
  /** Ports need a protocol. */
  readonly sourcePort?: number | undefined;
  readonly destinationPort?: number | undefined;
}

/** Which connections are meant; what is left out may be anything. */
export interface ConnectionFilter {
  /** As the first packet was sent, before translation. */
  readonly original?: Direction;
  /** As answers are sent: their source is where the packets really went. */
  readonly reply?: Direction;
  readonly zone?: number;
  readonly mark?: number;
  /** The bits of the mark that count; all unless given. */
  readonly markMask?: number;
  /** Bits that are all set. */
  readonly status?: readonly (keyof typeof statusBits)[];
}

/** Families of connections. */
export type ConnectionFamily = "ip" | "ip6";

const familyOfAddress = (address: string): ConnectionFamily => (familyOf(address) === 4 ? "ip" : "ip6");

/** The families that connections of a filter can have: one if there is an address in it. */
export function familiesOf({ original, reply }: ConnectionFilter): readonly ConnectionFamily[] {
  const address = original?.source ?? original?.destination ?? reply?.source ?? reply?.destination;
  return address === undefined ? ["ip", "ip6"] : [familyOfAddress(address)];
}

/** @throws EncodeError for a port without a protocol */
export function tupleOf(direction: Direction, family: ConnectionFamily): Tuple {
  const { source, destination, protocol: num, sourcePort: srcPort, destinationPort: dstPort } = direction;
  if (num === undefined && (srcPort ?? dstPort) !== undefined) {
    throw new EncodeError("a port without a protocol means no connection");
  }
  const ip = family === "ip" ? { v4Src: source, v4Dst: destination } : { v6Src: source, v6Dst: destination };
  return {
    ...((source ?? destination) !== undefined && { ip }),
    ...(num !== undefined && { proto: { num, srcPort, dstPort } }),
  };
}

/** The addresses and ports of a tuple. */
export const directionOf = ({ ip, proto }: Tuple = {}): Direction => ({
  source: ip?.v4Src ?? ip?.v6Src,
  destination: ip?.v4Dst ?? ip?.v6Dst,
  protocol: proto?.num,
  sourcePort: proto?.srcPort,
  destinationPort: proto?.dstPort,
});

/** The kernel's flag for each member that a direction can have. */
const memberFlags = {
  source: "ipSrc",
  destination: "ipDst",
  protocol: "protoNum",
  sourcePort: "protoSrcPort",
  destinationPort: "protoDstPort",
} as const satisfies Record<keyof Direction, keyof typeof filterFlags>;
const members = Object.keys(memberFlags) as (keyof Direction)[];

const given = (direction: Direction) => members.filter((member) => direction[member] !== undefined);

/** The attributes that a request for the connections of a filter has. Tuples in it need a family. */
export function filterAttributes(filter: ConnectionFilter, family: ConnectionFamily) {
  const { original, reply, zone, mark, markMask = 0xffffffff, status } = filter;
  return {
    ...(original && { tupleOrig: tupleOf(original, family) }),
    ...(reply && { tupleReply: tupleOf(reply, family) }),
    ...(status && { status, statusMask: status }),
    ...(mark !== undefined && { mark, markMask }),
    ...(zone !== undefined && { zone }),
    ...((original ?? reply) && {
      filter: {
        ...(original && { origFlags: given(original).map((member) => memberFlags[member]) }),
        ...(reply && { replyFlags: given(reply).map((member) => memberFlags[member]) }),
      },
    }),
  };
}

const canonical = (value: string | number | undefined) =>
  typeof value === "string" ? formatAddress(parseAddress(value)) : value;

function agrees(tuple: Tuple | undefined, wanted: Direction = {}): boolean {
  const is = directionOf(tuple);
  return given(wanted).every((member) => is[member] === canonical(wanted[member]));
}

/** Whether a connection is one of those that a filter means. */
export function matches(connection: Connection, filter: ConnectionFilter): boolean {
  const { zone, mark, markMask = 0xffffffff, status = [] } = filter;
  return (
    agrees(connection.tupleOrig, filter.original) &&
    agrees(connection.tupleReply, filter.reply) &&
    (zone === undefined || (connection.zone ?? 0) === zone) &&
    (mark === undefined || ((connection.mark ?? 0) & markMask) === (mark & markMask)) &&
    status.every((bit) => connection.status?.includes(bit))
  );
}
