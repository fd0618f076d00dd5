/** What all of netfilter's netlink messages share: their header, their types, and batches that are one transaction. */
import {
  attr,
  type Codec,
  type InferInput,
  listOf,
  message,
  nest,
  oneOf,
  type Row,
  u8,
  u16be,
  u32be,
} from "../codec/index.ts";
import { NLM_F } from "../message/header.ts";
import type { Request } from "../message/request.ts";

/** The families of tables and connections, by the words of `nft` (NFPROTO_*, linux/netfilter.h). */
export const families = { unspec: 0, inet: 1, ip: 2, arp: 3, netdev: 5, bridge: 7, ip6: 10 } as const;
export const Family = oneOf(u8, families);
export type FamilyName = keyof typeof families;

/**
 * struct nfgenmsg (linux/netfilter/nfnetlink.h). In what the kernel sends of nf_tables, `resourceId` is the lower half
 * of the ruleset's generation; in a batch's begin and end it is the number of the subsystem.
 */
export const header = { family: Family, version: u8, resourceId: u16be } as const;

/** NFNL_SUBSYS_*: the upper byte of a message's type. */
export const subsystems = { conntrack: 1, nftables: 10 } as const;

/** The type of message `number` of a subsystem. */
export const messageType = (subsystem: keyof typeof subsystems, number: number): number =>
  (subsystems[subsystem] << 8) | number;

/** A nest as nf_tables has it: requests mark it with NLA_F_NESTED, the kernel's answers do not. */
export const nested = <Out, In = Out>(number: number, codec: Codec<Out, In>): Row<Out, In> =>
  nest(number, codec, "toKernel");

/** A list of NFTA_LIST_ELEM attributes that are nests. */
export const nestedList = <Out, In = Out>(codec: Codec<Out, In>): Codec<readonly Out[], readonly In[]> =>
  listOf(1, codec, "toKernel");

/** Types of message that begin and end a batch. */
export const NFNL_MSG_BATCH_BEGIN = 16;
export const NFNL_MSG_BATCH_END = 17;

/** The begin (or the end) of a batch (enum nfnl_batch_attributes). */
export const Batch = message(header, () => ({
  /** The generation on which the batch was built: another one is refused with `ERESTART`. */
  genid: attr(1, u32be),
}));

/**
 * Requests to nf_tables as one transaction: all of them happen, or none (nfnetlink.c, nfnetlink_rcv_batch).
 *
 * Only the last one asks for an ack. The kernel goes on after a refusal to find further ones, sends each request's
 * errors in the order of the requests, and puts those that meet the batch as a whole under its begin: when the last
 * request's ack is here, everything that was to be said has been.
 * @param generation the ruleset's generation that these requests were made for, from `getGeneration`: the whole is
 *   refused with `ERESTART` when another transaction came between
 * @returns begin, requests and end, for `Client.transact`; nothing when there are no requests
 */
export function batch(requests: readonly Request[], generation?: number): Request[] {
  const count = requests.length;
  if (count === 0) return [];
  const body = { resourceId: subsystems.nftables };
  const changes = requests.map((request, index) => ({
    ...request,
    operation: `${request.operation} (change ${index + 1} of ${count})`,
    flags: index + 1 === count ? request.flags | NLM_F.ack : request.flags,
  }));
  return [
    mark(NFNL_MSG_BATCH_BEGIN, generation === undefined ? body : { ...body, genid: generation }, count),
    ...changes,
    mark(NFNL_MSG_BATCH_END, body, count),
  ];
}

const mark = (type: number, body: InferInput<typeof Batch>, count: number): Request => ({
  operation: `transaction of ${count} ${count === 1 ? "change" : "changes"}`,
  type,
  flags: 0,
  codec: Batch as Codec<unknown>,
  body,
});
