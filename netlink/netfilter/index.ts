/** Netfilter: a connection with the requests about tables, chains, rules, sets, elements and tracked connections. */
import { Client } from "../message/client.ts";
import type { Message } from "../message/header.ts";
import type { Request } from "../message/request.ts";
import { openSocket, type SocketOptions } from "../socket/linux.ts";
import type { Transport } from "../socket/transport.ts";
import { type ChainInput, getChain, listChains } from "./chains.ts";
import type { ConnectionFilter, Direction } from "./connection-filter.ts";
import { connectionsOf, forgetConnections, getConnection } from "./conntrack.ts";
import type { Data } from "./data.ts";
import { elementsOf, getElement, type SetName } from "./elements.ts";
import { getGeneration } from "./generation.ts";
import { batch, type FamilyName } from "./nfnetlink.ts";
import { listRules, type RuleInput } from "./rules.ts";
import { getSet, listSets, type NftSetInput } from "./sets.ts";
import { getTable, listTables, type TableInput } from "./tables.ts";

/** How a transaction is made. */
export interface TransactionOptions {
  /** The generation that the requests were made for: another one is refused with `ERESTART`. */
  readonly generation?: number;
  /** Told of what the kernel made of requests with the flag NLM_F_ECHO. */
  readonly echo?: (message: Message) => void;
}

/** The topics of netfilter over `client`: `find` gives undefined where there is nothing, `list` all there are. */
function topics(client: Client) {
  return {
    /** `nft list table`, `nft list tables`. */
    table: {
      find: (table: TableInput) => client.find(getTable(table)),
      list: (family?: FamilyName) => client.list(listTables(family)),
    },
    /** `nft list chain`, `nft list chains`. */
    chain: {
      find: (chain: ChainInput) => client.find(getChain(chain)),
      list: ({ family, table }: { family?: FamilyName; table?: string } = {}) =>
        client.list(listChains(family)).filter((chain) => table === undefined || chain.table === table),
    },
    /** `nft list ruleset`, `nft list chain`. */
    rule: {
      list: (of?: Pick<RuleInput, "family" | "table" | "chain">) => client.list(listRules(of)),
    },
    /** `nft list sets`, `nft list maps`: without elements. */
    set: {
      find: (set: NftSetInput) => client.find(getSet(set)),
      list: (of?: Pick<NftSetInput, "family" | "table">) => client.list(listSets(of)),
    },
    /** `nft get element`, `nft list set`. */
    element: {
      find: (of: SetName, key: Data) => client.find(getElement(of, key))?.elements?.[0],
      list: (of: SetName) => elementsOf(client, of),
    },
    /** `conntrack`. */
    connection: {
      find: (original: Required<Direction>, zone?: number) => client.find(getConnection(original, zone)),
      list: (filter?: ConnectionFilter) => connectionsOf(client, filter),
      /** Forgets the connections that a filter means; gives how many there were. */
      forget: (filter: ConnectionFilter) => forgetConnections(client, filter),
    },
    /** The number of the ruleset's generation, and who made it. */
    generation: () => client.get(getGeneration()),
    /**
     * Makes the changes of all requests, or none of them.
     * @throws KernelError whose operation is that of the refused request, or names the whole transaction
     */
    transaction(requests: readonly Request[], { generation, echo }: TransactionOptions = {}): void {
      const messages = batch(requests, generation);
      if (messages.length > 0) client.transact(messages, echo);
    },
  };
}

/** A connection to netfilter, closed by `using` or `close`. */
export type NetfilterConnection = ReturnType<typeof topics> &
  Disposable & {
    /** For requests made elsewhere. */
    readonly client: Client;
    close(): void;
  };

/** Speaks to netfilter over `transport`, which closes with the connection. */
export function netfilterOver(transport: Transport): NetfilterConnection {
  const client = new Client(transport);
  const close = (): void => transport.close();
  return { ...topics(client), client, close, [Symbol.dispose]: close };
}

/**
 * Opens a connection to netfilter of a network namespace, the current one unless given.
 *
 *     using netfilter = openNetfilter({ namespace });
 *     netfilter.transaction([addTable(table), addChain(chain)]);
 *
 * Closing it soon after something was removed waits for the kernel, 10 to 30 ms: close it last. A transaction
 * of more than about 200 KiB needs a larger `sendBuffer`.
 * @throws SystemError
 */
export function openNetfilter(options: Omit<SocketOptions, "protocol"> = {}): NetfilterConnection {
  return netfilterOver(openSocket({ ...options, protocol: "netfilter" }));
}
