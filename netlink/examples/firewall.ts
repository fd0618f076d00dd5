import { createNamespace, openNetfilter } from "@flatnet/netlink";
import {
  addChain,
  addElements,
  addSet,
  addTable,
  appendRule,
  dataOf,
  hooks,
  ip,
  ipv4Addr,
  match,
  meta,
  setOf,
  valueIn,
  verdict,
} from "@flatnet/netlink/netfilter";

using namespace = createNamespace();
using netfilter = openNetfilter({ namespace });

const here = { family: "inet", table: "example" } as const;
const unwanted = ["192.0.2.1", "198.51.100.7"];

// nft: ip saddr @unwanted drop
const expressions = [
  ...match.equal(meta.nfproto, "ip"),
  ...match.inSet([ip.saddr], "unwanted"),
  verdict("drop"),
];

// All of it happens, or none.
netfilter.transaction([
  addTable({ family: "inet", name: "example" }),
  addSet({ ...here, name: "unwanted", ...setOf({ key: ipv4Addr }) }),
  addElements({
    ...here,
    set: "unwanted",
    elements: unwanted.map((text) => ({ key: dataOf(ipv4Addr, text) })),
  }),
  addChain({
    ...here,
    name: "input",
    type: "filter",
    hook: { hooknum: hooks.input, priority: 0 },
    policy: "accept",
  }),
  appendRule({ ...here, chain: "input", expressions }),
]);

for (const { chain, expressions = [] } of netfilter.rule.list(here))
  console.log(`${chain}: ${expressions.map(({ name }) => name).join(", ")}`);
const elements = netfilter.element.list({ ...here, set: "unwanted" });
console.log(elements.map(({ key = {} }) => valueIn(ipv4Addr, key)).sort());
