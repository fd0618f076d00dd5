/** The firewall of `fixtures/captures/layout.nft`: ours, as nft and our own decoder read it, is nft's. */
import { expect } from "bun:test";
import { ipv4Addr } from "../../../netlink/netfilter/datatype.ts";
import { addElements } from "../../../netlink/netfilter/elements.ts";
import { interval, networkRange } from "../../../netlink/netfilter/interval.ts";
import { addSet, setOf } from "../../../netlink/netfilter/sets.ts";
import { addTable, deleteTable } from "../../../netlink/netfilter/tables.ts";
import { needs } from "../../needs.ts";
import { layout, layoutElements, own } from "../layout.ts";
import { type Firewall, firewall, table } from "./firewall.ts";

const { test } = needs("namespaces", "program:nft");

const LAYOUT = new URL("../../../fixtures/captures/layout.nft", import.meta.url).pathname;

/** All that our decoder reads, but for what depends on the order in which it was made. */
function everythingIn(netfilter: Firewall) {
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

test("the layout is the one that nft makes of its text", () => {
  using netfilter = firewall();
  netfilter.transaction([...layout, ...layoutElements]);
  const ours = { ruleset: netfilter.ruleset(), everything: everythingIn(netfilter) };
  netfilter.transaction([deleteTable(table)]);
  netfilter.nft("-f", LAYOUT);
  expect(ours.ruleset.length).toBeGreaterThan(20);
  expect(ours).toEqual({ ruleset: netfilter.ruleset(), everything: everythingIn(netfilter) });
});

test("nft prints types, comments and elements of what we make", () => {
  using netfilter = firewall();
  netfilter.transaction([...layout, ...layoutElements]);
  expect(netfilter.nft("list", "map", "inet", "flatnet", "anyports4")).toBe(`table inet flatnet {
	map anyports4 {
		type inet_proto . inet_service : ipv4_addr . inet_service
		elements = { tcp . 8080 comment "web/9f2c/eth0" : 10.87.1.2 . 80,
			     udp . 5353 : 10.87.1.3 . 53 }
	}
}
`);
  expect(netfilter.nft("list", "tables")).toBe("table inet flatnet\n");
  expect(netfilter.nft("list", "ruleset")).toContain('comment "owned by flatnet"');
});

test("nft prints networks of intervals", () => {
  using netfilter = firewall();
  const set = { ...own, name: "networks", ...setOf({ key: ipv4Addr, flags: ["interval"], comment: "ours" }) };
  const elements = [
    ...interval(ipv4Addr, ...networkRange("10.0.0.0/8"), { userdata: { comment: "private" } }),
    ...interval(ipv4Addr, "192.168.0.1", "192.168.0.9"),
    ...interval(ipv4Addr, ...networkRange("224.0.0.0/3")),
  ];
  netfilter.transaction([addTable(table), addSet(set), addElements({ ...own, set: "networks", elements })]);
  expect(netfilter.nft("list", "set", "inet", "flatnet", "networks")).toBe(`table inet flatnet {
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
