/** Rules and chains of a live kernel. */
import { expect } from "bun:test";
import { addChain, listChains } from "../../../netlink/netfilter/chains.ts";
import { counter, verdict } from "../../../netlink/netfilter/rule.ts";
import {
  appendRule,
  deleteRule,
  destroyRule,
  flushRules,
  insertRule,
  type RuleInput,
  replaceRule,
} from "../../../netlink/netfilter/rules.ts";
import { addTable } from "../../../netlink/netfilter/tables.ts";
import { needs } from "../../needs.ts";
import { own } from "../layout.ts";
import { firewall, table } from "./firewall.ts";

const { test } = needs("namespaces", "program:nft");

test("rules are appended, inserted, replaced and deleted by handle, and flushed", () => {
  using netfilter = firewall();
  const chain = { ...own, chain: "c" } as const;
  const rule = (comment: string): RuleInput => ({
    ...chain,
    expressions: [counter()],
    userdata: { comment },
  });
  const comments = () => netfilter.rule.list(chain).map(({ userdata }) => userdata?.comment);
  const handleOf = (comment: string) =>
    netfilter.rule.list(chain).find(({ userdata }) => userdata?.comment === comment)!.handle!;

  netfilter.transaction([addTable(table), addChain({ ...own, name: "c" }), appendRule(rule("b"))]);
  netfilter.transaction([appendRule(rule("d")), insertRule(rule("a"))]);
  netfilter.transaction([appendRule({ ...rule("c"), position: handleOf("b") })]);
  expect(comments()).toEqual(["a", "b", "c", "d"]);

  netfilter.transaction([
    replaceRule({ ...rule("B"), handle: handleOf("b") }),
    deleteRule({ ...chain, handle: handleOf("c") }),
    destroyRule({ ...chain, handle: 4711n }),
  ]);
  expect(comments()).toEqual(["a", "B", "d"]);

  netfilter.transaction([flushRules(chain)]);
  expect(comments()).toEqual([]);
});

test("an expression that is not described here is kept and can be written back", () => {
  using netfilter = firewall();
  const chain = { ...own, name: "c", type: "filter", hook: { hooknum: 0, priority: -300 } } as const;
  netfilter.transaction([addTable(table), addChain(chain)]);
  netfilter.nft("add", "rule", "inet", "flatnet", "c", "notrack");
  const [rule] = netfilter.rule.list(own);
  netfilter.transaction([appendRule({ ...own, chain: "c", expressions: rule!.expressions })]);
  const [first, second] = netfilter.rule.list(own);
  expect(first!.expressions?.[0]?.name as string).toBe("notrack");
  expect(second!.expressions).toEqual(first!.expressions);
});

test("a chain that nothing may pass shows its policy", () => {
  using netfilter = firewall();
  const chain = {
    ...own,
    name: "c",
    type: "filter",
    policy: "drop",
    hook: { hooknum: 2, priority: 0 },
  } as const;
  netfilter.transaction([
    addTable(table),
    addChain(chain),
    appendRule({ ...own, chain: "c", expressions: [verdict("accept")] }),
  ]);
  expect(netfilter.client.list(listChains("inet"))).toMatchObject([
    { policy: "drop", flags: ["base"], use: 1 },
  ]);
});
