/** What conditions can ask of a packet, whatever words they ask it by, and the values that they compare with. */
import type { fibAddrtype, inetProto } from "../../../../netlink/netfilter/datatype.ts";
import type { Expression } from "../../../../netlink/netfilter/expression/index.ts";
import { ct, fib, ip, ip6, meta, type PayloadField, th } from "../../../../netlink/netfilter/field.ts";
import { match } from "../../../../netlink/netfilter/rule.ts";
import { familyOf, isAddress, parseAddress } from "../../../../netlink/wire/address.ts";
import { canonicalCidr } from "../../../cni/address.ts";

/** Lists of steps, each with how the rule goes on: a packet passes that passes one of them. */
export type Test = readonly (readonly Expression[])[];

/** Compares what a packet has with one value. @throws Misunderstood when the text is none */
export type Comparison = (op: "eq" | "neq", text: string) => Expression[];

/** A word of a condition that says nothing here. */
export class Misunderstood extends Error {
  constructor(
    readonly word: string,
    readonly why: string,
  ) {
    super(why);
  }
}

/** Several values: equal to one of them, or to none. */
export const test = (compare: Comparison, op: "eq" | "neq", values: readonly string[]): Test =>
  op === "eq"
    ? values.map((value) => compare("eq", value))
    : [values.flatMap((value) => compare("neq", value))];

const between = <T>(op: "eq" | "neq", field: Parameters<typeof match.between<T>>[0], first: T, last: T) =>
  op === "eq" ? match.between(field, first, last) : match.notBetween(field, first, last);

/** `10.0.0.0/255.0.0.0` with a length in place of the mask. */
function withLength(text: string): string {
  const [address = "", mask = ""] = text.split("/");
  if (!isAddress(mask)) return text;
  const bits = [...parseAddress(mask)].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  if (!/^1*0*$/.test(bits)) throw new Misunderstood(text, "its mask has holes");
  return `${address}/${bits.indexOf("0") < 0 ? bits.length : bits.indexOf("0")}`;
}

/** An address, a network, or a range of addresses. */
const address =
  (field: PayloadField<string>, family: 4 | 6): Comparison =>
  (op, text) => {
    const ends = text.split("-");
    if (ends.every((end) => isAddress(end) && familyOf(end) === family)) {
      const [first = "", last] = ends;
      if (last !== undefined && ends.length === 2) return between(op, field, first, last);
      if (ends.length === 1) return op === "eq" ? match.equal(field, first) : match.notEqual(field, first);
    }
    const network = withLength(text);
    try {
      canonicalCidr(network);
    } catch {
      throw new Misunderstood(text, `it is not an IPv${family} address, network or range`);
    }
    if (familyOf(network.split("/", 1)[0]!) !== family)
      throw new Misunderstood(text, `it is not of IPv${family}`);
    return op === "eq" ? match.within(field, network) : match.notWithin(field, network);
  };

const PORTS = /^(\d{0,5})(?:[:-](\d{0,5}))?$/;

/** A port, or a range of ports; an end that is left out is the lowest or the highest port. */
const port =
  (field: PayloadField<number>): Comparison =>
  (op, text) => {
    const [, first = "", last] = text === "" ? [] : (PORTS.exec(text) ?? []);
    const from = Number(first || 0);
    const to = Number(last === undefined ? first : last || 65535);
    if ((first === "" && last === undefined) || to > 65535 || from > to)
      throw new Misunderstood(text, "it is not a port or a range of ports: write numbers");
    if (from < to) return between(op, field, from, to);
    return op === "eq" ? match.equal(field, from) : match.notEqual(field, from);
  };

const protocol: Comparison = (op, text) => {
  const name = text.toLowerCase() as Parameters<typeof inetProto.show>[0];
  const value = /^\d{1,3}$/.test(text) ? Number(text) : name;
  try {
    return op === "eq" ? match.equal(meta.l4proto, value) : match.notEqual(meta.l4proto, value);
  } catch {
    throw new Misunderstood(text, "it is not the name or number of a transport protocol");
  }
};

/** The name of a link, or how names begin: `eth+` in the words of iptables, `eth*` in those of nft. */
const link =
  (field: typeof meta.iifname): Comparison =>
  (op, text) => {
    const name = text.replace(/^"(.*)"$/, "$1");
    if (name === "" || /["\s/]/.test(name) || new TextEncoder().encode(name).length > 15)
      throw new Misunderstood(text, "it is not the name of a link");
    if (/[+*]$/.test(name)) return name.length === 1 ? [] : match.beginsWith(op, field, name.slice(0, -1));
    return op === "eq" ? match.equal(field, name) : match.notEqual(field, name);
  };

const NUMBER = /^(?:0x[\da-f]{1,8}|\d{1,10})$/i;
const ALL_BITS = 0xffffffff;

/** A mark, with the bits of it that count behind a slash. */
const mark =
  (field: typeof meta.mark): Comparison =>
  (op, text) => {
    const [value = "", bits = String(ALL_BITS), ...more] = text.split("/");
    const numbers = [value, bits].map((part) => (NUMBER.test(part) ? Number(part) : Number.NaN));
    const [wanted = 0, counting = 0] = numbers;
    if (more.length > 0 || !numbers.every((number) => number <= ALL_BITS))
      throw new Misunderstood(text, "it is not a mark: write a number such as 0x1, or 0x1/0xff");
    if (counting !== ALL_BITS) return match.masked(op, field, wanted, counting);
    return op === "eq" ? match.equal(field, wanted) : match.notEqual(field, wanted);
  };

const kinds = ["unspec", "unicast", "local", "broadcast", "anycast", "multicast"] as const;

/** What kind of address the host's routing tables take it for. */
const kind =
  (of: "saddr" | "daddr"): Comparison =>
  (op, text) => {
    const found = kinds.find((each) => each === text.toLowerCase());
    if (found === undefined) throw new Misunderstood(text, `it is none of ${kinds.join(", ")}`);
    const value: Parameters<typeof fibAddrtype.show>[0] = found;
    return op === "eq" ? match.equal(fib(of, "type"), value) : match.notEqual(fib(of, "type"), value);
  };

/** Each comparison by its name, for packets of a family. */
export const comparisons = (family: 4 | 6) => {
  const { saddr, daddr } = family === 4 ? ip : ip6;
  return {
    source: address(saddr, family),
    destination: address(daddr, family),
    sourcePort: port(th.sport),
    destinationPort: port(th.dport),
    protocol,
    incoming: link(meta.iifname),
    outgoing: link(meta.oifname),
    mark: mark(meta.mark),
    connectionMark: mark(ct.mark),
    sourceKind: kind("saddr"),
    destinationKind: kind("daddr"),
  } satisfies Record<string, Comparison>;
};
export type Comparisons = ReturnType<typeof comparisons>;
