/** What netfilter's messages are called and how their bodies read, by type: for dumps of whole messages. */
import type { Codec } from "../codec/index.ts";
import { Chain } from "./chains.ts";
import { Connection } from "./connection.ts";
import { CT_MSG } from "./conntrack.ts";
import { ElementList } from "./elements.ts";
import { Generation } from "./generation.ts";
import { Batch, NFNL_MSG_BATCH_BEGIN, NFNL_MSG_BATCH_END } from "./nfnetlink.ts";
import { NFT_MSG } from "./requests.ts";
import { Rule } from "./rules.ts";
import { NftSet } from "./sets.ts";
import { Table } from "./tables.ts";

/** One type of message, which has the same codec in both directions. */
export interface NetfilterMessage {
  /** The kernel's word without its prefix: `newtable` for NFT_MSG_NEWTABLE, `ct new` for IPCTNL_MSG_CT_NEW. */
  readonly name: string;
  readonly codec: Codec<unknown>;
}

/** The codec of nf_tables' messages, by the end of their names. */
const codecs = {
  table: Table,
  chain: Chain,
  rule: Rule,
  set: NftSet,
  setelem: ElementList,
  gen: Generation,
} as const satisfies Record<string, Codec<unknown>>;

function ofTables(): [number, NetfilterMessage][] {
  return Object.entries(NFT_MSG).map(([name, type]) => {
    const thing = name.replace(/^(new|get|del|destroy)/, "") as keyof typeof codecs;
    return [type, { name, codec: codecs[thing] }];
  });
}

/** By message type, with the subsystem in the upper byte. */
export const netfilterMessages: ReadonlyMap<number, NetfilterMessage> = new Map([
  [NFNL_MSG_BATCH_BEGIN, { name: "batch begin", codec: Batch }],
  [NFNL_MSG_BATCH_END, { name: "batch end", codec: Batch }],
  ...ofTables(),
  ...Object.entries(CT_MSG).map(([name, type]): [number, NetfilterMessage] => [
    type,
    { name: `ct ${name}`, codec: Connection },
  ]),
]);
