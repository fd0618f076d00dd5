/** nf_tables of a live kernel, in private namespaces: what we make, what nft makes, and what is refused. */
import { afterEach, beforeEach, expect } from "bun:test";
import { KernelError } from "../../netlink/errors.ts";
import { addChain, createChain, listChains } from "../../netlink/netfilter/chains.ts";
import { concatenation, dataOf, ipv4Addr, valueIn } from "../../netlink/netfilter/datatype.ts";
import {
  addElements,
  createElements,
  deleteElements,
  destroyElements,
  flushElements,
} from "../../netlink/netfilter/elements.ts";
import { type NetfilterConnection, openNetfilter } from "../../netlink/netfilter/index.ts";
import { interval, networkRange, range } from "../../netlink/netfilter/interval.ts";
import { counter, verdict } from "../../netlink/netfilter/rule.ts";
import {
  appendRule,
  deleteRule,
  destroyRule,
  flushRules,
  insertRule,
  type RuleInput,
  replaceRule,
} from "../../netlink/netfilter/rules.ts";
import { addSet, setOf } from "../../netlink/netfilter/sets.ts";
import { addTable, createTable, deleteTable, destroyTable } from "../../netlink/netfilter/tables.ts";
import { createNamespace, inside, type Namespace } from "../../netlink/socket/namespace.ts";
import { needs } from "../needs.ts";
import { layout, layoutElements, own } from "./layout.ts";

const LAYOUT = new URL("../../fixtures/captures/layout.nft", import.meta.url).pathname;

const { test } = needs("namespaces");
const withNft = needs("namespaces", "program:nft");

let namespace: Namespace;
let netfilter: NetfilterConnection;

beforeEach(() => {
  namespace = createNamespace();
  netfilter = openNetfilter({ namespace });
});
afterEach(() => {
  netfilter.close();
  namespace.close();
});

/** What nft prints in the namespace. */
function nft(...words: string[]): string {
  const { stdout, stderr, exitCode } = inside(namespace, () => Bun.spawnSync(["nft", ...words]));
  if (exitCode !== 0) throw new Error(`nft ${words.join(" ")}: ${stderr}`);
  return stdout.toString();
}

/** The whole ruleset as nft tells it. Handles count what was made in which order, which does not matter. */
function ruleset(): unknown[] {
  const { nftables } = JSON.parse(nft("-j", "list", "ruleset")) as { nftables: unknown[] };
  const text = nftables.map((thing) =>
    JSON.stringify(thing, (key, value) => (key === "handle" ? undefined : value)),
  );
  return text.sort().map((thing) => JSON.parse(thing));
}

/** The error that `act` throws. */
function refusal(act: () => void): KernelError {
  try {
    act();
  } catch (error) {
    if (error instanceof KernelError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

const table = { family: "inet", name: "flatnet" } as const;
const addresses = { ...own, set: "ctr4" } as const;
const element = (address: string, comment = "web") => ({
  key: dataOf(ipv4Addr, address),
  userdata: { comment },
});

/** A table with a set of addresses. */
const prepare = () => [addTable(table), addSet({ ...own, name: "ctr4", ...setOf({ key: ipv4Addr }) })];

/** All that our decoder reads, but for what depends on the order in which it was made. */
function everything() {
  const settled = ({ version, resourceId, handle, ...rest }: Record<string, unknown>) => rest;
  const byName = (a: { name?: unknown }, b: { name?: unknown }) =>
    String(a.name).localeCompare(String(b.name));
  const sets = netfilter.set.list(own);
  return {
    chains: netfilter.chain.list(own).map(settled).sort(byName),
    rules: netfilter.rule.list(own).map(({ position, ...rule }) => settled(rule)),
    // The kernel draws a structure's address, and nft notes from which expressions it knows types.
    sets: sets.map(({ userdata, type, ...set }) => settled(set)).sort(byName),
    elements: Object.fromEntries(
      sets.map(({ name }) => [
        name,
        netfilter.element
          .list({ ...own, set: name })
          .map((each) => Bun.inspect(each, { depth: 9 }))
          .sort(),
      ]),
    ),
  };
}

withNft.test("the layout is the one that nft makes of its text", () => {
  netfilter.transaction([...layout, ...layoutElements]);
  const ours = { ruleset: ruleset(), everything: everything() };
  netfilter.transaction([deleteTable(table)]);
  nft("-f", LAYOUT);
  expect(ours.ruleset.length).toBeGreaterThan(20);
  expect(ours).toEqual({ ruleset: ruleset(), everything: everything() });
});

withNft.test("nft prints types, comments and elements of what we make", () => {
  netfilter.transaction([...layout, ...layoutElements]);
  expect(nft("list", "map", "inet", "flatnet", "anyports4")).toBe(`table inet flatnet {
	map anyports4 {
		type inet_proto . inet_service : ipv4_addr . inet_service
		elements = { tcp . 8080 comment "web/9f2c/eth0" : 10.87.1.2 . 80,
			     udp . 5353 : 10.87.1.3 . 53 }
	}
}
`);
  expect(nft("list", "tables")).toBe("table inet flatnet\n");
  expect(nft("list", "ruleset")).toContain('comment "owned by flatnet"');
});

withNft.test("nft prints networks of intervals", () => {
  const set = { ...own, name: "networks", ...setOf({ key: ipv4Addr, flags: ["interval"], comment: "ours" }) };
  const elements = [
    ...interval(ipv4Addr, ...networkRange("10.0.0.0/8"), { userdata: { comment: "private" } }),
    ...interval(ipv4Addr, "192.168.0.1", "192.168.0.9"),
    ...interval(ipv4Addr, ...networkRange("224.0.0.0/3")),
  ];
  netfilter.transaction([addTable(table), addSet(set), addElements({ ...own, set: "networks", elements })]);
  expect(nft("list", "set", "inet", "flatnet", "networks")).toBe(`table inet flatnet {
	set networks {
		type ipv4_addr
		flags interval
		comment "ours"
		elements = { 10.0.0.0/8 comment "private", 192.168.0.1-192.168.0.9,
			     224.0.0.0/3 }
	}
}
`);
});

test("what is not there is found to be undefined", () => {
  expect(netfilter.table.find(table)).toBeUndefined();
  expect(netfilter.chain.find({ ...own, name: "c" })).toBeUndefined();
  expect(netfilter.set.find({ ...own, name: "s" })).toBeUndefined();
  expect(netfilter.element.find(addresses, dataOf(ipv4Addr, "10.0.0.1"))).toBeUndefined();
  expect(netfilter.table.list()).toEqual([]);
});

test("an element is added, found with its comment, listed and deleted", () => {
  netfilter.transaction([
    ...prepare(),
    addElements({ ...addresses, elements: [element("10.0.0.2", "web/9f2c/eth0")] }),
  ]);
  const found = netfilter.element.find(addresses, dataOf(ipv4Addr, "10.0.0.2"));
  expect(found).toMatchObject({ userdata: { comment: "web/9f2c/eth0" } });
  expect(netfilter.element.list(addresses).map(({ key }) => valueIn(ipv4Addr, key!))).toEqual(["10.0.0.2"]);
  netfilter.transaction([deleteElements({ ...addresses, elements: [{ key: found!.key }] })]);
  expect(netfilter.element.list(addresses)).toEqual([]);
});

test("an element of a map is deleted by its key alone", () => {
  netfilter.transaction([...layout, ...layoutElements]);
  const ports = { ...own, set: "anyports4" } as const;
  const [first] = netfilter.element.list(ports);
  netfilter.transaction([deleteElements({ ...ports, elements: [{ key: first!.key }] })]);
  expect(netfilter.element.list(ports)).toHaveLength(1);
});

test("adding what is there is fine, creating it is EEXIST, and the error says which element", () => {
  const add = addElements({ ...addresses, elements: [element("10.0.0.2")] });
  netfilter.transaction([...prepare(), add]);
  netfilter.transaction([add]);
  const twice = createElements({ ...addresses, elements: [element("10.0.0.1"), element("10.0.0.2")] });
  const error = refusal(() => netfilter.transaction([twice]));
  expect(error).toMatchObject({
    code: "EEXIST",
    operation: "element.create inet flatnet ctr4 (change 1 of 1)",
    at: "elements.1",
  });
  expect(netfilter.element.list(addresses)).toHaveLength(1);
});

test("a key that is mapped otherwise is EEXIST even for adding", () => {
  const map = { ...own, name: "m", ...setOf({ key: ipv4Addr, data: ipv4Addr }) };
  const to = (address: string) =>
    addElements({
      ...own,
      set: "m",
      elements: [{ key: dataOf(ipv4Addr, "10.0.0.1"), data: dataOf(ipv4Addr, address) }],
    });
  netfilter.transaction([addTable(table), addSet(map), to("10.0.0.2")]);
  netfilter.transaction([to("10.0.0.2")]);
  expect(refusal(() => netfilter.transaction([to("10.0.0.3")])).code).toBe("EEXIST");
});

test("a range of concatenations is found by any key in it, and is not added twice", () => {
  netfilter.transaction([...layout, ...layoutElements]);
  const pair = concatenation(ipv4Addr, ipv4Addr);
  const ranges = { ...own, set: "local4" } as const;
  const found = (...key: [string, string]) =>
    netfilter.element.find(ranges, dataOf(pair, key))?.userdata?.comment;
  expect(found("10.87.1.5", "10.87.1.9")).toBe("web");
  expect(found("10.87.1.5", "10.87.2.9")).toBeUndefined();

  const half = range(pair, ["10.87.1.0", "10.87.1.0"], ["10.87.1.127", "10.87.1.255"]);
  const error = refusal(() => netfilter.transaction([addElements({ ...ranges, elements: [half] })]));
  expect(error).toMatchObject({ code: "EEXIST", at: "elements.0" });

  const [element] = netfilter.element.list(ranges);
  netfilter.transaction([deleteElements({ ...ranges, elements: [element!] })]);
  expect(netfilter.element.list(ranges)).toEqual([]);
});

test("an interval is found by any value in it", () => {
  const set = { ...own, name: "networks", ...setOf({ key: ipv4Addr, flags: ["interval"] }) };
  const elements = interval(ipv4Addr, ...networkRange("10.0.0.0/24"));
  const networks = { ...own, set: "networks" } as const;
  netfilter.transaction([addTable(table), addSet(set), addElements({ ...networks, elements })]);
  const found = netfilter.element.find(networks, dataOf(ipv4Addr, "10.0.0.77"));
  expect(found?.key).toEqual(dataOf(ipv4Addr, "10.0.0.0"));
  netfilter.transaction([deleteElements({ ...networks, elements })]);
  expect(netfilter.element.list(networks)).toEqual([]);
});

test("deleting what is not there is ENOENT, destroying it is fine", () => {
  netfilter.transaction(prepare());
  const gone = { ...addresses, elements: [{ key: dataOf(ipv4Addr, "10.0.0.9") }] };
  expect(refusal(() => netfilter.transaction([deleteElements(gone)])).code).toBe("ENOENT");
  netfilter.transaction([destroyElements(gone), destroyTable({ family: "inet", name: "nosuch" })]);
});

test("nothing of a transaction stays when one change is refused, and the error says which", () => {
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
  const error = refusal(() => netfilter.transaction([addTable(table), createTable(table)]));
  expect(error).toMatchObject({ code: "EEXIST", operation: "table.create inet flatnet (change 2 of 2)" });
  expect(netfilter.table.list()).toEqual([]);
});

test("a transaction for an older generation is refused with ERESTART", () => {
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
  using other = openNetfilter({ namespace });
  netfilter.transaction([createTable(table), createChain({ ...own, name: "c" })]);
  const late = refusal(() => other.transaction([createTable(table), createChain({ ...own, name: "c" })]));
  expect(late.code).toBe("EEXIST");
  other.transaction([addTable(table), addChain({ ...own, name: "c" })]);
  expect(other.chain.list(own)).toHaveLength(1);
});

test("an empty transaction asks nothing", () => {
  netfilter.transaction([]);
  expect(netfilter.generation().id).toBe(1);
});

test("a second connection sees nothing of a namespace that is not its own", () => {
  netfilter.transaction([createTable(table)]);
  using elsewhere = createNamespace();
  using other = openNetfilter({ namespace: elsewhere });
  expect(other.table.list()).toEqual([]);
});

test("rules are appended, inserted, replaced and deleted by handle, and flushed", () => {
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

test("a set is flushed and stays", () => {
  netfilter.transaction([...prepare(), addElements({ ...addresses, elements: [element("10.0.0.1")] })]);
  netfilter.transaction([flushElements(addresses)]);
  expect(netfilter.element.list(addresses)).toEqual([]);
  expect(netfilter.set.find({ ...own, name: "ctr4" })).toMatchObject({ keyType: 7, keyLen: 4 });
});

test("thousands of elements go in several changes of one transaction and come back whole", () => {
  const all = Array.from({ length: 5000 }, (_, index) => element(`10.1.${index >> 8}.${index & 255}`));
  const changes = Array.from({ length: 10 }, (_, part) =>
    addElements({ ...addresses, elements: all.slice(part * 500, part * 500 + 500) }),
  );
  using large = openNetfilter({ namespace, sendBuffer: 1 << 20 });
  large.transaction([...prepare(), ...changes]);
  const listed = large.element.list(addresses).map(({ key }) => valueIn(ipv4Addr, key!));
  expect(listed.sort()).toEqual(all.map(({ key }) => valueIn(ipv4Addr, key)).sort());
});

test("an expression that is not described here is kept and can be written back", () => {
  const chain = { ...own, name: "c", type: "filter", hook: { hooknum: 0, priority: -300 } } as const;
  netfilter.transaction([addTable(table), addChain(chain)]);
  inside(namespace, () => Bun.spawnSync(["nft", "add", "rule", "inet", "flatnet", "c", "notrack"]));
  const [rule] = netfilter.rule.list(own);
  netfilter.transaction([appendRule({ ...own, chain: "c", expressions: rule!.expressions })]);
  const [first, second] = netfilter.rule.list(own);
  expect(first!.expressions?.[0]?.name as string).toBe("notrack");
  expect(second!.expressions).toEqual(first!.expressions);
});

test("a chain that nothing may pass shows its policy", () => {
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
