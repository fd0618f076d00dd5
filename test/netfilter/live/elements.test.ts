/** Elements of a live kernel: added, found, listed, refused and deleted. */
import { expect } from "bun:test";
import { concatenation, dataOf, ipv4Addr, valueIn } from "../../../netlink/netfilter/datatype.ts";
import {
  addElements,
  createElements,
  deleteElements,
  destroyElements,
  flushElements,
} from "../../../netlink/netfilter/elements.ts";
import { openNetfilter } from "../../../netlink/netfilter/index.ts";
import { interval, networkRange, range } from "../../../netlink/netfilter/interval.ts";
import { addSet, setOf } from "../../../netlink/netfilter/sets.ts";
import { addTable, destroyTable } from "../../../netlink/netfilter/tables.ts";
import { needs } from "../../needs.ts";
import { layout, layoutElements, own } from "../layout.ts";
import { firewall, refusal, table } from "./firewall.ts";

const { test } = needs("namespaces");

const addresses = { ...own, set: "ctr4" } as const;
const element = (address: string, comment = "web") => ({
  key: dataOf(ipv4Addr, address),
  userdata: { comment },
});

/** A table with a set of addresses. */
const prepare = () => [addTable(table), addSet({ ...own, name: "ctr4", ...setOf({ key: ipv4Addr }) })];

test("what is not there is found to be undefined", () => {
  using netfilter = firewall();
  expect(netfilter.table.find(table)).toBeUndefined();
  expect(netfilter.chain.find({ ...own, name: "c" })).toBeUndefined();
  expect(netfilter.set.find({ ...own, name: "s" })).toBeUndefined();
  expect(netfilter.element.find(addresses, dataOf(ipv4Addr, "10.0.0.1"))).toBeUndefined();
  expect(netfilter.table.list()).toEqual([]);
});

test("an element is added, found with its comment, listed and deleted", () => {
  using netfilter = firewall();
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
  using netfilter = firewall();
  netfilter.transaction([...layout, ...layoutElements]);
  const ports = { ...own, set: "anyports4" } as const;
  const [first] = netfilter.element.list(ports);
  netfilter.transaction([deleteElements({ ...ports, elements: [{ key: first!.key }] })]);
  expect(netfilter.element.list(ports)).toHaveLength(1);
});

test("adding what is there is fine, creating it is EEXIST, and the error says which element", () => {
  using netfilter = firewall();
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
  using netfilter = firewall();
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
  using netfilter = firewall();
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
  using netfilter = firewall();
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
  using netfilter = firewall();
  netfilter.transaction(prepare());
  const gone = { ...addresses, elements: [{ key: dataOf(ipv4Addr, "10.0.0.9") }] };
  expect(refusal(() => netfilter.transaction([deleteElements(gone)])).code).toBe("ENOENT");
  netfilter.transaction([destroyElements(gone), destroyTable({ family: "inet", name: "nosuch" })]);
});

test("a set is flushed and stays", () => {
  using netfilter = firewall();
  netfilter.transaction([...prepare(), addElements({ ...addresses, elements: [element("10.0.0.1")] })]);
  netfilter.transaction([flushElements(addresses)]);
  expect(netfilter.element.list(addresses)).toEqual([]);
  expect(netfilter.set.find({ ...own, name: "ctr4" })).toMatchObject({ keyType: 7, keyLen: 4 });
});

test("thousands of elements go in several changes of one transaction and come back whole", () => {
  using netfilter = firewall();
  const all = Array.from({ length: 5000 }, (_, index) => element(`10.1.${index >> 8}.${index & 255}`));
  const changes = Array.from({ length: 10 }, (_, part) =>
    addElements({ ...addresses, elements: all.slice(part * 500, part * 500 + 500) }),
  );
  using large = openNetfilter({ namespace: netfilter.namespace, sendBuffer: 1 << 20 });
  large.transaction([...prepare(), ...changes]);
  const listed = large.element.list(addresses).map(({ key }) => valueIn(ipv4Addr, key!));
  expect(listed.sort()).toEqual(all.map(({ key }) => valueIn(ipv4Addr, key)).sort());
});
