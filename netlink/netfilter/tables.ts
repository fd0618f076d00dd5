/** Tables: where chains, rules and sets live (enum nft_table_attributes). */
import { attr, cstring, flags, type Infer, type InferInput, message, u32be, u64be } from "../codec/index.ts";
import { NLM_F } from "../message/header.ts";
import { dump, type Query, query, type Request } from "../message/request.ts";
import { type FamilyName, header } from "./nfnetlink.ts";
import { inBatch, NFT_MSG, operation } from "./requests.ts";
import { TableUserdata } from "./userdata.ts";

export const Table = message(header, () => ({
  name: attr(1, cstring),
  /** `dormant`: its chains see no packets. `owner`: it goes when its socket is closed, but for `persist`. */
  flags: attr(2, flags(u32be, { dormant: 1, owner: 2, persist: 4 })),
  /** How many chains, sets and objects are in it. */
  use: attr(3, u32be),
  handle: attr(4, u64be),
  userdata: attr(6, TableUserdata),
  /** The port of the socket that owns it. */
  owner: attr(7, u32be),
}));
export type Table = Infer<typeof Table>;
export type TableInput = InferInput<typeof Table>;

const named = (does: string, { family, name }: TableInput): string =>
  operation(`table.${does}`, family, name);

const change = (word: string, type: number, flags: number, table: TableInput): Request =>
  inBatch(named(word, table), type, flags, Table, table);

/** Makes a table, or sets the flags of one that is there. */
export const addTable = (table: TableInput): Request => change("add", NFT_MSG.newtable, NLM_F.create, table);

/** Makes a table. Refused with `EEXIST` when there is one. */
export const createTable = (table: TableInput): Request =>
  change("create", NFT_MSG.newtable, NLM_F.create | NLM_F.exclusive, table);

/** Removes a table with all that is in it, by name or handle. Refused with `ENOENT` when there is none. */
export const deleteTable = (table: TableInput): Request => change("delete", NFT_MSG.deltable, 0, table);

/** Removes a table with all that is in it, if it is there (Linux 6.3). */
export const destroyTable = (table: TableInput): Request => change("destroy", NFT_MSG.destroytable, 0, table);

/** Asks for a table by name. */
export const getTable = (table: TableInput): Query<Table> =>
  query(named("get", table), NFT_MSG.gettable, Table, table, Table);

/** Asks for all tables, of one family if given. */
export const listTables = (family: FamilyName = "unspec"): Query<Table> =>
  dump(operation("table.list", family), NFT_MSG.gettable, Table, { family }, Table);
