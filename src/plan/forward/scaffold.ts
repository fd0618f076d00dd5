/**
 * What stands in the tables of iptables: FORWARD leads to CNI-FORWARD, this to the administrator's chain, and behind that
 * marked packets are accepted. Chains and comments are those of the reference plugin. Nothing in it names a container, and
 * `iptables` reads, saves and restores it as its own.
 */
import type { Request } from "../../../netlink/message/request.ts";
import { addChain, createChain, getChain, hooks, priorities } from "../../../netlink/netfilter/chains.ts";
import type { Expression } from "../../../netlink/netfilter/expression/index.ts";
import { counter, jump, verdict } from "../../../netlink/netfilter/rule.ts";
import { appendRule, insertRule, listRules, type RuleInput } from "../../../netlink/netfilter/rules.ts";
import { addTable } from "../../../netlink/netfilter/tables.ts";
import { ifThere } from "../firewall/absent.ts";
import { complete } from "../firewall/transactions.ts";
import type { Resource } from "../resource.ts";
import type { Side } from "../side.ts";
import { isMarked } from "./mark.ts";
import { accepts, jumpsTo } from "./reading.ts";

/** A family that iptables has a table `filter` for. */
export type IptablesFamily = "ip" | "ip6";

const TABLE = "filter";
const FORWARD = "FORWARD";
export const CNI_FORWARD = "CNI-FORWARD";

/** A rule that should be there, and how it is made. */
interface Missing {
  readonly says: string;
  readonly request: Request;
}

const expressionsOf = (host: Side, family: IptablesFamily, chain: string): (readonly Expression[])[] =>
  (ifThere(() => host.netfilter.list(listRules({ family, table: TABLE, chain }))) ?? []).map(
    ({ expressions }) => expressions ?? [],
  );

const rule = (
  family: IptablesFamily,
  chain: string,
  comment: string,
  ...expressions: Expression[]
): RuleInput => ({ family, table: TABLE, chain, expressions, userdata: { comment } });

/** The rules that are not there, in the order in which they are made. */
function missing(host: Side, family: IptablesFamily, adminChain: string): Missing[] {
  const lacks: Missing[] = [];
  if (!expressionsOf(host, family, FORWARD).some((each) => jumpsTo(each, CNI_FORWARD))) {
    const leads = rule(family, FORWARD, "CNI firewall plugin rules", counter(), jump(CNI_FORWARD));
    lacks.push({ says: `${FORWARD} does not lead to ${CNI_FORWARD}`, request: insertRule(leads) });
  }
  const own = expressionsOf(host, family, CNI_FORWARD);
  if (!own.some((each) => jumpsTo(each, adminChain))) {
    const comment = "CNI firewall plugin admin overrides";
    const asks = rule(family, CNI_FORWARD, comment, counter(), jump(adminChain));
    lacks.push({ says: `${CNI_FORWARD} does not lead to ${adminChain}`, request: insertRule(asks) });
  }
  if (!own.some((each) => accepts(each, isMarked()))) {
    const comment = "marked by the table inet flatnet";
    const lets = rule(family, CNI_FORWARD, comment, ...isMarked(), counter(), verdict("accept"));
    lacks.push({ says: `${CNI_FORWARD} does not accept marked packets`, request: appendRule(lets) });
  }
  return lacks;
}

/** The table and the chains that rules are made in; a chain that is there stays as it is, above all its policy. */
function chainsFor(host: Side, family: IptablesFamily, adminChain: string): Request[] {
  const own = { family, table: TABLE } as const;
  const forward = ifThere(() => host.netfilter.find(getChain({ ...own, name: FORWARD })));
  const base = { hook: { hooknum: hooks.forward, priority: priorities.filter }, policy: "accept" } as const;
  return [
    addTable({ family, name: TABLE }),
    ...(forward === undefined ? [createChain({ ...own, name: FORWARD, ...base, type: "filter" })] : []),
    addChain({ ...own, name: CNI_FORWARD }),
    addChain({ ...own, name: adminChain }),
  ];
}

/** What makes the rules that are not there, and the chains for them; nothing where all are. */
function completing(host: Side, family: IptablesFamily, adminChain: string): Request[] {
  const lacks = missing(host, family, adminChain);
  if (lacks.length === 0) return [];
  return [...chainsFor(host, family, adminChain), ...lacks.map(({ request }) => request)];
}

/** The rules for these families. They are shared, and stay. */
export const scaffold = (host: Side, families: readonly IptablesFamily[], adminChain: string): Resource => ({
  describe: () => `chains ${CNI_FORWARD} and ${adminChain} in the table filter of ${families.join(" and ")}`,
  ensure() {
    for (const family of families) complete(host, () => completing(host, family, adminChain));
    return undefined;
  },
  check: () =>
    families.flatMap((family) =>
      missing(host, family, adminChain).map(({ says }) => `in ${family} filter, ${says}`),
    ),
  remove: () => undefined,
});
