/** The ruleset's generation: a number that every transaction changes (enum nft_gen_attributes). */
import { attr, cstring, type Infer, message, u32be } from "../codec/index.ts";
import { type Query, query } from "../message/request.ts";
import { header } from "./nfnetlink.ts";
import { NFT_MSG } from "./requests.ts";

export const Generation = message(header, () => ({
  id: attr(1, u32be),
  /** Who made it. */
  procPid: attr(2, u32be),
  procName: attr(3, cstring),
}));
export type Generation = Infer<typeof Generation>;

/** Asks for the generation of now, for `batch`. */
export const getGeneration = (): Query<Generation> =>
  query("generation.get", NFT_MSG.getgen, Generation, {}, Generation);
