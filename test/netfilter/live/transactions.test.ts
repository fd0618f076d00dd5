/** Transactions of a live kernel: all or nothing, and who was first. */
import { expect } from "bun:test";
import { addChain, createChain } from "../../../netlink/netfilter/chains.ts";
import { openNetfilter } from "../../../netlink/netfilter/index.ts";
import { addTable, createTable } from "../../../netlink/netfilter/tables.ts";
import { createNamespace } from "../../../netlink/socket/namespace.ts";
import { needs } from "../../needs.ts";
import { own } from "../layout.ts";
import { firewall, refusal, table } from "./firewall.ts";

const { test } = needs("namespaces");

test("nothing of a transaction stays when one change is refused, and the error says which", () => {
  using netfilter = firewall();
  netfilter.transaction([createTable(table)]);
  const error = refusal(() =>
    netfilter.transaction([
      createTable({ family: "inet", name: "first" }),
      createTable(table),
      createTable({ family: "inet", name: "last" }),
    ]),
  );
  expect(error).toMatchObject({
    code: "EEXIST",
    operation: "table.create inet flatnet (change 2 of 3)",
    at: "name",
  });
  expect(netfilter.table.list().map(({ name }) => name)).toEqual(["flatnet"]);
});

test("a refusal of the last change is told as well", () => {
  using netfilter = firewall();
  const error = refusal(() => netfilter.transaction([addTable(table), createTable(table)]));
  expect(error).toMatchObject({ code: "EEXIST", operation: "table.create inet flatnet (change 2 of 2)" });
  expect(netfilter.table.list()).toEqual([]);
});

test("a transaction for an older generation is refused with ERESTART", () => {
  using netfilter = firewall();
  const { id } = netfilter.generation();
  netfilter.transaction([createTable(table)], { generation: id! });
  const late = refusal(() =>
    netfilter.transaction([createTable({ family: "inet", name: "late" })], { generation: id! }),
  );
  expect(late).toMatchObject({ code: "ERESTART", operation: "transaction of 1 change" });
  expect(netfilter.generation().id).toBe(id! + 1);
  expect(netfilter.table.list()).toHaveLength(1);
});

test("of two that create the same, one is told so and both find it there", () => {
  using netfilter = firewall();
  using other = openNetfilter({ namespace: netfilter.namespace });
  netfilter.transaction([createTable(table), createChain({ ...own, name: "c" })]);
  const late = refusal(() => other.transaction([createTable(table), createChain({ ...own, name: "c" })]));
  expect(late.code).toBe("EEXIST");
  other.transaction([addTable(table), addChain({ ...own, name: "c" })]);
  expect(other.chain.list(own)).toHaveLength(1);
});

test("an empty transaction asks nothing", () => {
  using netfilter = firewall();
  netfilter.transaction([]);
  expect(netfilter.generation().id).toBe(1);
});

test("a second connection sees nothing of a namespace that is not its own", () => {
  using netfilter = firewall();
  netfilter.transaction([createTable(table)]);
  using elsewhere = createNamespace();
  using other = openNetfilter({ namespace: elsewhere });
  expect(other.table.list()).toEqual([]);
});
