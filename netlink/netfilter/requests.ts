/** What the requests to nf_tables share: their types, and that changes are made in a batch. */
import type { Codec } from "../codec/index.ts";
import type { Request } from "../message/request.ts";
import { messageType } from "./nfnetlink.ts";

/** Types of message, with the subsystem in the upper byte (enum nf_tables_msg_types). */
export const NFT_MSG = {
  newtable: messageType("nftables", 0),
  gettable: messageType("nftables", 1),
  deltable: messageType("nftables", 2),
  newchain: messageType("nftables", 3),
  getchain: messageType("nftables", 4),
  delchain: messageType("nftables", 5),
  newrule: messageType("nftables", 6),
  getrule: messageType("nftables", 7),
  delrule: messageType("nftables", 8),
  newset: messageType("nftables", 9),
  getset: messageType("nftables", 10),
  delset: messageType("nftables", 11),
  newsetelem: messageType("nftables", 12),
  getsetelem: messageType("nftables", 13),
  delsetelem: messageType("nftables", 14),
  newgen: messageType("nftables", 15),
  getgen: messageType("nftables", 16),
  destroytable: messageType("nftables", 26),
  destroychain: messageType("nftables", 27),
  destroyrule: messageType("nftables", 28),
  destroyset: messageType("nftables", 29),
  destroysetelem: messageType("nftables", 30),
} as const;

/** A change. The kernel takes changes in a batch only: see `batch`, which also asks for the ack. */
export const inBatch = <In>(
  operation: string,
  type: number,
  flags: number,
  codec: Codec<unknown, In>,
  body: In,
): Request => ({ operation, type, flags, codec: codec as Codec<unknown>, body });

/** What a request does and to what, for errors: `chain.add inet flatnet ports`. */
export const operation = (does: string, ...subject: readonly unknown[]): string =>
  [does, ...subject.filter((part) => part !== undefined)].join(" ");
