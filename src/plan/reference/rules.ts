/** Rules and chains that others made in nf_tables: found by what they say, and removed. */
import type { Request } from "../../../netlink/message/request.ts";
import { deleteChain, getChain } from "../../../netlink/netfilter/chains.ts";
import { batch, type FamilyName } from "../../../netlink/netfilter/nfnetlink.ts";
import { deleteRule, flushRules, listRules, type Rule } from "../../../netlink/netfilter/rules.ts";
import { refusedWith } from "../firewall/absent.ts";
import { verdictOf } from "../forward/reading.ts";
import type { Side } from "../side.ts";

/** Where rules are. */
export interface Place {
  readonly family: FamilyName;
  readonly table: string;
}

export const rulesIn = (host: Side, place: Place, chain?: string): Rule[] =>
  host.netfilter.list(listRules({ ...place, ...(chain !== undefined && { chain }) }));

/** The comment of a rule, whether nft wrote it or iptables. */
export function commentOf({ userdata, expressions = [] }: Rule): string {
  if (userdata?.comment !== undefined) return userdata.comment;
  for (const { name, data } of expressions) {
    if (name !== "match" || data?.name !== "comment") continue;
    return new TextDecoder().decode(data.info).replace(/\0.*$/s, "");
  }
  return "";
}

/** The chain that a rule leads to. */
export const targetOf = ({ expressions = [] }: Rule): string | undefined => verdictOf(expressions)?.chain;

const deletion = (place: Place, { chain, handle }: Rule): Request[] =>
  handle === undefined ? [] : [deleteRule({ ...place, ...(chain !== undefined && { chain }), handle })];

/** How often other calls may come between before this one gives up. */
const TRIES = 20;

/** Makes the changes that `plan` finds needed, again while another call makes some of them. */
function change(host: Side, plan: () => readonly Request[]): void {
  for (let tries = 1; ; tries++) {
    const requests = plan();
    if (requests.length === 0) return;
    try {
      host.netfilter.transact(batch(requests));
      return;
    } catch (error) {
      if (tries === TRIES || !refusedWith(error, "ENOENT")) throw error;
    }
  }
}

/** Removes the rules of a chain that `wanted` picks. */
export const removeRules = (host: Side, place: Place, chain: string, wanted: (rule: Rule) => boolean): void =>
  change(host, () =>
    rulesIn(host, place, chain)
      .filter(wanted)
      .flatMap((rule) => deletion(place, rule)),
  );

/** Removes chains by their names, with the rules that lead to them. */
export function removeChains(host: Side, place: Place, parent: string, names: readonly string[]): void {
  const removal = (parents: readonly (string | undefined)[]) => (): Request[] => {
    const there = names.filter((name) => host.netfilter.find(getChain({ ...place, name })) !== undefined);
    if (there.length === 0) return [];
    const leading = parents
      .flatMap((chain) => rulesIn(host, place, chain))
      .filter((rule) => there.includes(targetOf(rule) ?? ""));
    return [
      ...leading.flatMap((rule) => deletion(place, rule)),
      ...there.map((chain) => flushRules({ ...place, chain })),
      ...there.map((name) => deleteChain({ ...place, name })),
    ];
  };
  try {
    change(host, removal([parent]));
  } catch (error) {
    // Something else leads there, too: it is looked for in the whole table.
    if (!refusedWith(error, "EBUSY")) throw error;
    change(host, removal([undefined]));
  }
}
