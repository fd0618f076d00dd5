/** Rules in our words are byte for byte those that nft makes of its text. */
import { expect, test } from "bun:test";
import { decode, encode } from "../../netlink/codec/index.ts";
import { messagesIn } from "../../netlink/message/header.ts";
import type { Expression } from "../../netlink/netfilter/expression/index.ts";
import { ct, fib, icmpv6, ip, ip6, meta, th } from "../../netlink/netfilter/field.ts";
import {
  counter,
  jump,
  markBits,
  masquerade,
  match,
  redirect,
  reject,
  verdict,
  verdictFromMap,
} from "../../netlink/netfilter/rule.ts";
import { Rule } from "../../netlink/netfilter/rules.ts";
import { fixture } from "../fixtures.ts";
import { layoutRules, own } from "./layout.ts";

const accept = verdict("accept");
const v4 = match.equal(meta.nfproto, "ip");
const v6 = match.equal(meta.nfproto, "ip6");
const tcp = match.equal(meta.l4proto, "tcp");

const rules: Record<string, Expression[]> = {
  accept: [accept],
  "connection-mark": [...match.equal(ct.mark, 7), accept],
  "connection-state": [...match.any(ct.state, ["established", "related"]), accept],
  "connection-state-invalid": [...match.any(ct.state, ["invalid"]), verdict("drop")],
  "connection-status": [...match.any(ct.status, ["dstNat"]), accept],
  continue: [verdict("continue")],
  counter: [counter()],
  "destination-v6": [...v6, ...match.equal(ip6.daddr, "fd00::1"), accept],
  "destination-prefix-v6": [...v6, ...match.within(ip6.daddr, "fd00::/61"), accept],
  drop: [verdict("drop")],
  family: [...match.equal(meta.nfproto, "ip6"), accept],
  "fib-destination-local": [...match.equal(fib("daddr", "type"), "local"), accept],
  goto: [verdict("goto", "target")],
  "incoming-link-index": [...match.equal(meta.iif, 1), accept],
  "incoming-link-name": [...match.equal(meta.iifname, "eth0"), accept],
  "incoming-link-name-prefix": [...match.beginsWith("eq", meta.iifname, "veth"), accept],
  "icmpv6-type": [
    ...v6,
    ...match.equal(meta.l4proto, "icmpv6"),
    ...match.equal(icmpv6.type, "nd-neighbor-solicit"),
    accept,
  ],
  jump: [jump("target")],
  mark: [...match.equal(meta.mark, 0x2000), accept],
  "mark-and-mask": [...match.masked("eq", meta.mark, 0x2000, 0x2000), accept],
  "mark-clear-bits": markBits(0x2000, "clear"),
  "mark-set-bits": markBits(0x2000, "set"),
  masquerade: [masquerade()],
  "not-in-named-set": [...v4, ...match.notInSet([ip.saddr], "s"), accept],
  "in-named-set": [...v4, ...match.inSet([ip.saddr], "s"), accept],
  "outgoing-link-name-not": [...match.notEqual(meta.oifname, "eth0"), accept],
  redirect: [...redirect()],
  "redirect-to-port": [...tcp, ...match.equal(th.dport, 80), ...redirect(8080)],
  reject: [reject()],
  return: [verdict("return")],
  "source-not-v4": [...v4, ...match.notEqual(ip.saddr, "10.0.0.1"), accept],
  "source-prefix-of-whole-bytes-v4": [...v4, ...match.within(ip.saddr, "10.0.0.0/24"), accept],
  "source-prefix-v4": [...v4, ...match.within(ip.saddr, "10.0.0.0/20"), accept],
  "source-range-v4": [...v4, ...match.between(ip.saddr, "10.0.0.1", "10.0.0.9"), accept],
  "source-v4": [...v4, ...match.equal(ip.saddr, "10.0.0.1"), accept],
  "tcp-port": [...tcp, ...match.equal(th.dport, 80), accept],
  "transport-protocol": [...match.equal(meta.l4proto, "sctp"), accept],
  "vlan-free-protocol": [...match.equal(meta.protocol, "ip"), accept],
  "udp-port-range": [...match.equal(meta.l4proto, "udp"), ...match.between(th.dport, 1000, 2000), accept],
  "verdict-map": verdictFromMap([meta.iifname], "m"),
};

/**
 * The rule that a capture has, without the numbers that nft gives to sets within a transaction besides their names.
 */
function captured(name: string): Uint8Array {
  const [message] = messagesIn(fixture("netfilter", name).bytes).messages;
  const rule = decode(Rule, message!.body, "toKernel");
  for (const { name, data } of rule.expressions ?? []) if (name === "lookup") delete data?.setId;
  return encode(Rule, rule);
}

test.each(Object.entries(rules))("%s", (name, expressions) => {
  const written = encode(Rule, { family: "inet", table: "t", chain: "c", expressions });
  expect(written).toEqual(captured(`rule-add-${name}`));
});

test.each(Object.entries(layoutRules))("%s of the layout", (name, rule) => {
  expect(encode(Rule, { ...own, ...rule })).toEqual(captured(`layout-add-rule-${name}`));
});

test("a prefix of length 0 means every address of the family", () => {
  const [, bitwise] = match.within(ip.saddr, "0.0.0.0/0");
  expect(bitwise).toMatchObject({ name: "bitwise", data: { mask: { value: new Uint8Array(4) } } });
});

test("a prefix of another family than the field is refused", () => {
  expect(() => match.within(ip.saddr, "fd00::/64")).toThrow("fd00::/64 does not fit an address of 4 bytes");
});

test("a network without a length is refused", () => {
  expect(() => match.within(ip.saddr, "10.0.0.1")).toThrow('"10.0.0.1" is not a network such as 10.0.0.0/8');
});

test("a value of the wrong length is refused", () => {
  expect(() => match.equal(ip.saddr, "fd00::1")).toThrow("has 16 bytes where 4 are needed");
});
