/** The firewall of `fixtures/captures/layout.nft` in our words: constant rules, and sets for what changes. */
import { addChain, hooks, priorities } from "../../netlink/netfilter/chains.ts";
import {
  concatenation,
  dataOf,
  inetProto,
  inetService,
  ipv4Addr,
  ipv6Addr,
} from "../../netlink/netfilter/datatype.ts";
import { addElements } from "../../netlink/netfilter/elements.ts";
import { ct, fib, ip, ip6, meta, th } from "../../netlink/netfilter/field.ts";
import { networkRange, range } from "../../netlink/netfilter/interval.ts";
import { dnatFromMap, jump, masquerade, match } from "../../netlink/netfilter/rule.ts";
import { appendRule } from "../../netlink/netfilter/rules.ts";
import { addSet, setOf } from "../../netlink/netfilter/sets.ts";
import { addTable } from "../../netlink/netfilter/tables.ts";

export const own = { family: "inet", table: "flatnet" } as const;

export const hostPort4 = concatenation(ipv4Addr, inetProto, inetService);
const hostPort6 = concatenation(ipv6Addr, inetProto, inetService);
const anyPort = concatenation(inetProto, inetService);
const target4 = concatenation(ipv4Addr, inetService);
const target6 = concatenation(ipv6Addr, inetService);
const pair4 = concatenation(ipv4Addr, ipv4Addr);
const pair6 = concatenation(ipv6Addr, ipv6Addr);

const sets = [
  addSet({ ...own, name: "hostports4", ...setOf({ key: hostPort4, data: target4 }) }),
  addSet({ ...own, name: "anyports4", ...setOf({ key: anyPort, data: target4 }) }),
  addSet({ ...own, name: "hostports6", ...setOf({ key: hostPort6, data: target6 }) }),
  addSet({ ...own, name: "anyports6", ...setOf({ key: anyPort, data: target6 }) }),
  addSet({ ...own, name: "ctr4", ...setOf({ key: ipv4Addr }) }),
  addSet({ ...own, name: "ctr6", ...setOf({ key: ipv6Addr }) }),
  addSet({ ...own, name: "local4", ...setOf({ key: pair4, flags: ["interval"] }) }),
  addSet({ ...own, name: "local6", ...setOf({ key: pair6, flags: ["interval"] }) }),
];

const nat = (hook: keyof typeof hooks, priority: number) =>
  ({ type: "nat", policy: "accept", hook: { hooknum: hooks[hook], priority } }) as const;

const chains = [
  addChain({ ...own, name: "ports" }),
  addChain({ ...own, name: "pre", ...nat("prerouting", priorities.dstnat) }),
  addChain({ ...own, name: "out", ...nat("output", priorities.dstnat) }),
  addChain({ ...own, name: "post", ...nat("postrouting", priorities.srcnat) }),
];

const v4 = match.equal(meta.nfproto, "ip");
const v6 = match.equal(meta.nfproto, "ip6");
const port = [meta.l4proto, th.dport];
const toLocal = [...match.equal(fib("daddr", "type"), "local"), jump("ports")];
const translated = match.any(ct.status, ["dstNat"]);

/** Each rule with its chain, by the name of its capture. */
export const layoutRules = {
  "dnat-v4-of-a-host-address": {
    chain: "ports",
    expressions: [...v4, ...dnatFromMap("ip", ipv4Addr, [ip.daddr, ...port], "hostports4")],
  },
  "dnat-v4": { chain: "ports", expressions: dnatFromMap("ip", ipv4Addr, port, "anyports4") },
  "dnat-v6-of-a-host-address": {
    chain: "ports",
    expressions: [...v6, ...dnatFromMap("ip6", ipv6Addr, [ip6.daddr, ...port], "hostports6")],
  },
  "dnat-v6": { chain: "ports", expressions: dnatFromMap("ip6", ipv6Addr, port, "anyports6") },
  "jump-to-ports-before-routing": { chain: "pre", expressions: toLocal },
  "jump-to-ports-on-output": { chain: "out", expressions: toLocal },
  "masquerade-loopback": {
    chain: "post",
    expressions: [...translated, ...v4, ...match.within(ip.saddr, "127.0.0.0/8"), masquerade()],
  },
  "masquerade-hairpin-v4": {
    chain: "post",
    expressions: [
      ...[...translated, ...v4],
      ...match.inSet([ip.saddr], "ctr4"),
      ...match.inSet([ip.daddr], "ctr4"),
      masquerade(),
    ],
  },
  "masquerade-hairpin-v6": {
    chain: "post",
    expressions: [
      ...[...translated, ...v6],
      ...match.inSet([ip6.saddr], "ctr6"),
      ...match.inSet([ip6.daddr], "ctr6"),
      masquerade(),
    ],
  },
  "masquerade-leaving-v4": {
    chain: "post",
    expressions: [
      ...[...v4, ...match.inSet([ip.saddr], "ctr4")],
      ...match.notInSet([ip.saddr, ip.daddr], "local4"),
      ...match.notWithin(ip.daddr, "224.0.0.0/4"),
      masquerade(),
    ],
  },
  "masquerade-leaving-v6": {
    chain: "post",
    expressions: [
      ...[...v6, ...match.inSet([ip6.saddr], "ctr6")],
      ...match.notInSet([ip6.saddr, ip6.daddr], "local6"),
      ...match.notWithin(ip6.daddr, "ff00::/8"),
      masquerade(),
    ],
  },
};

/** Everything but the elements. */
export const layout = [
  addTable({ family: "inet", name: "flatnet", userdata: { comment: "owned by flatnet" } }),
  ...sets,
  ...chains,
  ...Object.values(layoutRules).map((rule) => appendRule({ ...own, ...rule })),
];

const userdata = { comment: "web/9f2c/eth0" };
const pairOf = (network: string): [[string, string], [string, string]] => {
  const [first, last] = networkRange(network);
  return [
    [first, first],
    [last, last],
  ];
};

/** The elements of the layout's sets. */
export const layoutElements = [
  addElements({
    ...own,
    set: "hostports4",
    elements: [
      {
        key: dataOf(hostPort4, ["192.0.2.1", "tcp", 8443]),
        data: dataOf(target4, ["10.87.1.2", 443]),
        userdata,
      },
    ],
  }),
  addElements({
    ...own,
    set: "anyports4",
    elements: [
      { key: dataOf(anyPort, ["tcp", 8080]), data: dataOf(target4, ["10.87.1.2", 80]), userdata },
      { key: dataOf(anyPort, ["udp", 5353]), data: dataOf(target4, ["10.87.1.3", 53]) },
    ],
  }),
  addElements({
    ...own,
    set: "hostports6",
    elements: [
      {
        key: dataOf(hostPort6, ["2001:db8::1", "tcp", 8443]),
        data: dataOf(target6, ["fd00:87::2", 443]),
      },
    ],
  }),
  addElements({
    ...own,
    set: "anyports6",
    elements: [{ key: dataOf(anyPort, ["tcp", 8080]), data: dataOf(target6, ["fd00:87::2", 80]), userdata }],
  }),
  addElements({
    ...own,
    set: "ctr4",
    elements: [{ key: dataOf(ipv4Addr, "10.87.1.2"), userdata }, { key: dataOf(ipv4Addr, "10.87.1.3") }],
  }),
  addElements({ ...own, set: "ctr6", elements: [{ key: dataOf(ipv6Addr, "fd00:87::2") }] }),
  addElements({
    ...own,
    set: "local4",
    elements: [{ ...range(pair4, ...pairOf("10.87.1.0/24")), userdata: { comment: "web" } }],
  }),
  addElements({ ...own, set: "local6", elements: [range(pair6, ...pairOf("fd00:87::/64"))] }),
];
