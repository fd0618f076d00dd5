/** Conditions of published ports: the rules that their words become are those that nft makes of its text, or none. */
import { expect, test } from "bun:test";
import { createNamespace, type Namespace } from "../../netlink/socket/namespace.ts";
import { makeConditional } from "../../src/plan/firewall/conditional.ts";
import { readCondition } from "../../src/plan/firewall/conditions/read.ts";
import { makeLayout } from "../../src/plan/firewall/layout.ts";
import { Side } from "../../src/plan/side.ts";
import { needs } from "../needs.ts";
import { program } from "../plugins/kernel.ts";

const live = needs("namespaces", "program:nft");

/** The words of a condition, and the texts of nft for its alternatives. */
type Case = readonly [words: readonly string[], ...texts: string[]];

const iptables: readonly Case[] = [
  [["-s", "10.0.0.0/8"], "ip saddr 10.0.0.0/8"],
  [["--source", "10.0.0.1"], "ip saddr 10.0.0.1"],
  [["!", "-s", "10.0.0.1"], "ip saddr != 10.0.0.1"],
  [["-s", "10.0.0.1,10.0.4.0/255.255.252.0"], "ip saddr 10.0.0.1", "ip saddr 10.0.4.0/22"],
  [["!", "-d", "10.0.0.1,10.0.0.2"], "ip daddr != 10.0.0.1 ip daddr != 10.0.0.2"],
  [["-m", "iprange", "--src-range", "10.0.0.1-10.0.0.9"], "ip saddr 10.0.0.1-10.0.0.9"],
  [["-m", "iprange", "!", "--dst-range", "10.0.0.1-10.0.0.9"], "ip daddr != 10.0.0.1-10.0.0.9"],
  [["-i", "eth0", "!", "-o", "br0"], 'iifname "eth0" oifname != "br0"'],
  [["-i", "eth+"], 'iifname "eth*"'],
  [["!", "-i", "eth+"], 'iifname != "eth*"'],
  [["-i", "+"], ""],
  [["-p", "UDP"], "meta l4proto udp"],
  [["!", "-p", "132"], "meta l4proto != sctp"],
  [["-p", "all"], ""],
  [["-p", "tcp", "--dport", "80:90"], "meta l4proto tcp th dport 80-90"],
  [["-p", "tcp", "!", "--sport", ":1023"], "meta l4proto tcp th sport != 0-1023"],
  [["-m", "multiport", "--dports", "80,8000:"], "th dport 80", "th dport 8000-65535"],
  [["-m", "mark", "--mark", "0x1/0xff"], "meta mark and 0xff == 0x1"],
  [["-m", "mark", "!", "--mark", "7"], "meta mark != 0x7"],
  [["-m", "connmark", "--mark", "7"], "ct mark 0x7"],
  [["-m", "addrtype", "--dst-type", "LOCAL"], "fib daddr type local"],
  [["-m", "addrtype", "!", "--src-type", "UNICAST"], "fib saddr type != unicast"],
  [["-m", "comment", "--comment", "whatever -x it says"], ""],
];

const nft: readonly Case[] = [
  [["ip saddr 10.0.0.0/8"], "ip saddr 10.0.0.0/8"],
  [["ip", "daddr", "!=", "10.0.0.1-10.0.0.9"], "ip daddr != 10.0.0.1-10.0.0.9"],
  [["ip saddr { 10.0.0.1, 10.0.1.0/24 }"], "ip saddr 10.0.0.1", "ip saddr 10.0.1.0/24"],
  [["ip saddr != {10.0.0.1,10.0.0.2}"], "ip saddr != 10.0.0.1 ip saddr != 10.0.0.2"],
  [['iifname "eth0"', "oif != br0"], 'iifname "eth0" oifname != "br0"'],
  [["meta iifname eth*"], 'iifname "eth*"'],
  [["tcp dport == 80"], "meta l4proto tcp th dport 80"],
  [["udp sport { 53, 5000-5010 }"], "meta l4proto udp th sport 53", "meta l4proto udp th sport 5000-5010"],
  [
    ["meta l4proto { tcp, udp } th dport != 22"],
    "meta l4proto tcp th dport != 22",
    "meta l4proto udp th dport != 22",
  ],
  [["ip protocol sctp"], "meta l4proto sctp"],
  [["meta mark 0x1"], "meta mark 0x1"],
  [["mark & 0xff != 0x1"], "meta mark and 0xff != 0x1"],
  [["ct mark and 0x10 == 0x10"], "ct mark and 0x10 == 0x10"],
  [["fib daddr type local"], "fib daddr type local"],
];

const v6: readonly Case[] = [
  [["-s", "fd00::/61", "!", "-d", "fd00::1"], "ip6 saddr fd00::/61 ip6 daddr != fd00::1"],
  [["ip6 saddr fd00::1-fd00::9 ip6 nexthdr tcp"], "ip6 saddr fd00::1-fd00::9 meta l4proto tcp"],
];

/** The steps of each rule of a chain, as nft prints them for the kernel. */
function stepsIn(namespace: Namespace, ...chain: string[]): string[][] {
  const printed = program(namespace, "nft", "--debug=netlink", "list", "chain", ...chain);
  const rules = printed.split(/^\S.*\n/m).map((rule) => [...rule.matchAll(/^ {2}(\[ .* \])/gm)]);
  return rules.map((steps) => steps.map(([, step = ""]) => step)).filter((steps) => steps.length > 0);
}

/** The steps of the rules that the words become, up to their translation, and of those that nft makes of the texts. */
function compare(family: 4 | 6, [words, ...texts]: Case): { made: string[][]; wanted: string[][] } {
  using namespace = createNamespace();
  using host = new Side("host", namespace);
  makeLayout(host);
  makeConditional(host, [readCondition(family, words)]);
  program(namespace, "nft", "add table inet t; add chain inet t c");
  for (const text of texts)
    program(namespace, "nft", `add rule inet t c meta nfproto ipv${family} ${text} accept`);
  const wanted = stepsIn(namespace, "inet", "t", "c").map((steps) => steps.slice(0, -1));
  const made = stepsIn(namespace, "inet", "flatnet", "conditions").filter((steps) =>
    steps.some((step) => step.includes("anyports")),
  );
  return { made: made.map((steps, nth) => steps.slice(0, wanted[nth]?.length)), wanted };
}

live.describe("the words of a condition become what nft makes of", () => {
  live.test.each([...iptables, ...nft].map((each) => [each[0].join(" "), each] as const))("%s", (_, each) => {
    const { made, wanted } = compare(4, each);
    expect(wanted).toHaveLength(each.length - 1);
    expect(made).toEqual(wanted);
  });

  live.test.each(v6.map((each) => [each[0].join(" "), each] as const))("%s (IPv6)", (_, each) => {
    const { made, wanted } = compare(6, each);
    expect(wanted).toHaveLength(each.length - 1);
    expect(made).toEqual(wanted);
  });
});

const refused: readonly (readonly [family: 4 | 6, words: readonly string[], says: RegExp])[] = [
  [4, ["-x", "1"], /conditionsV4: "-x": it is not understood; understood are -s, -d, /],
  [4, ["-s"], /"-s": there is no value behind it/],
  [4, ["!"], /"!": it is not understood/],
  [4, ["-s", "10.0.0.0/33"], /"10.0.0.0\/33": it is not an IPv4 address, network or range/],
  [4, ["-s", "10.0.0.0/255.0.255.0"], /its mask has holes/],
  [4, ["-s", "fd00::1"], /"fd00::1": it is not an IPv4 address/],
  [6, ["-s", "10.0.0.0/8"], /conditionsV6: "10.0.0.0\/8": it is not of IPv6/],
  [4, ["--dport", "http"], /"http": it is not a port or a range of ports: write numbers/],
  [4, ["--dport", "90:80"], /"90:80": it is not a port/],
  [4, ["--dport", "70000"], /"70000": it is not a port/],
  [4, ["-i", "a-name-that-is-long"], /it is not the name of a link/],
  [4, ["-i", 'a"b'], /it is not the name of a link/],
  [4, ["-p", "tpc"], /"tpc": it is not the name or number of a transport protocol/],
  [4, ["--mark", "x"], /"x": it is not a mark/],
  [4, ["--dst-type", "HERE"], /"HERE": it is none of unspec, unicast, local/],
  [4, ["-m", "set", "--match-set", "s", "src"], /"-m set": there is no such extension here/],
  [4, ["-j", "ACCEPT"], /"-j": it is not understood/],
  [4, ["tcp flags syn"], /"tcp flags": it is not understood; understood are ip\/ip6 saddr/],
  [4, ["ip saddr"], /"ip saddr": there is no value behind it/],
  [4, ["ip saddr {"], /it is not a list such as \{ 80, 443 \}/],
  [4, ["ip saddr { 10.0.0.1 10.0.0.2 }"], /it is not a list/],
  [4, ["ip saddr @hosts"], /"@hosts": sets of other tables are not seen from here/],
  [4, ["ip6 saddr fd00::1"], /"ip6 saddr": it is not of IPv4/],
  [4, ["accept"], /"accept": it is not understood/],
  [
    4,
    ["--sports", "1,2,3,4,5,6,7,8,9", "--dports", "1,2,3,4,5,6,7,8,9"],
    /it asks for 81 combinations of values/,
  ],
];

test.each(refused)("IPv%d: %j is refused with code 7", (family, words, says) => {
  const reading = () => readCondition(family, words);
  expect(reading).toThrow(says);
  expect(reading).toThrow(expect.objectContaining({ code: 7 }));
});
