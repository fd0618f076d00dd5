/**
 * What a rule says, as lists of expressions that read like `nft`'s text:
 *
 *     // ct status dnat ip saddr @addresses masquerade
 *     [
 *       ...match.any(ct.status, ["dstNat"]),
 *       ...match.equal(meta.nfproto, "ip"),
 *       ...match.inSet([ip.saddr], "addresses"),
 *       masquerade(),
 *     ]
 *
 * Nothing is added that is not said: a table of family inet needs `meta.nfproto` before `ip` or `ip6`, and ports need
 * `meta.l4proto`. All use the registers from the first on, and leave nothing there that a later step needs.
 */
import { EncodeError } from "../errors.ts";
import { aligned } from "../wire/align.ts";
import { registerAt, type verdictCodes } from "./data.ts";
import { type Datatype, dataOf, inetService, mark as markType } from "./datatype.ts";
import type { cmpOps } from "./expression/cmp.ts";
import type { Expression } from "./expression/index.ts";
import { type Field, meta, type PayloadField } from "./field.ts";
import { parsePrefix, prefixMask } from "./interval.ts";

const FIRST = registerAt(0);

const compare = (op: keyof typeof cmpOps, value: Uint8Array): Expression => ({
  name: "cmp",
  data: { sreg: FIRST, op, data: { value } },
});

/** nft names the operation where a person wrote it, and leaves it out where it follows from something else. */
const mask = (value: Uint8Array, op?: "maskXor", xor?: Uint8Array): Expression => ({
  name: "bitwise",
  data: {
    sreg: FIRST,
    dreg: FIRST,
    ...(op && { op }),
    len: value.length,
    mask: { value },
    xor: { value: xor ?? new Uint8Array(value.length) },
  },
});

const compared = <T>(op: keyof typeof cmpOps, field: Field<T>, value: T): Expression[] => [
  field.load(FIRST),
  compare(op, dataOf(field.type, value).value),
];

/** A prefix of whole bytes needs no mask: fewer bytes are loaded. */
function prefixed(op: "eq" | "neq", field: PayloadField<string>, prefix: string): Expression[] {
  const { address, length } = parsePrefix(prefix);
  const { size } = field.type;
  if (address.length !== size) throw new EncodeError(`${prefix} does not fit an address of ${size} bytes`);
  if (length > 0 && length % 8 === 0) {
    const bytes = length / 8;
    return [field.load(FIRST, bytes), compare(op, address.subarray(0, bytes))];
  }
  const bits = Uint8Array.from(address, (_, index) => prefixMask(length, index));
  return [field.load(FIRST), mask(bits), compare(op, address)];
}

/** Values whose bytes compare as numbers: in network order. */
function inNetworkOrder<T>({ type }: Field<T>): void {
  if (type.byteorder !== "network") throw new EncodeError("ranges are of types in network order");
}

/** Loads fields one behind the other, each at a multiple of 4 bytes, as a concatenated key has them. */
function loaded(fields: readonly Field<unknown>[]): Expression[] {
  let slot = 0;
  return fields.map(({ load, type }) => {
    const register = registerAt(slot);
    slot += aligned(type.size) / 4;
    return load(register);
  });
}

/** Steps that go on with the rule only for some packets. */
export const match = {
  equal: <T>(field: Field<T>, value: T): Expression[] => compared("eq", field, value),
  notEqual: <T>(field: Field<T>, value: T): Expression[] => compared("neq", field, value),
  /** At least one of these bits is set. */
  any: <T>(field: Field<T>, bits: T): Expression[] => {
    const { value } = dataOf(field.type, bits);
    return [field.load(FIRST), mask(value), compare("neq", new Uint8Array(value.length))];
  },
  /** The address is in a network: `match.within(ip.saddr, "127.0.0.0/8")`. */
  within: (field: PayloadField<string>, prefix: string): Expression[] => prefixed("eq", field, prefix),
  notWithin: (field: PayloadField<string>, prefix: string): Expression[] => prefixed("neq", field, prefix),
  /** From `first` to `last`: `match.between(th.dport, 8000, 8999)`. */
  between: <T>(field: Field<T>, first: T, last: T): Expression[] => {
    inNetworkOrder(field);
    return [
      field.load(FIRST),
      compare("gte", dataOf(field.type, first).value),
      compare("lte", dataOf(field.type, last).value),
    ];
  },
  notBetween: <T>(field: Field<T>, first: T, last: T): Expression[] => {
    inNetworkOrder(field);
    const [fromData, toData] = [dataOf(field.type, first), dataOf(field.type, last)];
    return [field.load(FIRST), { name: "range", data: { sreg: FIRST, op: "neq", fromData, toData } }];
  },
  /** The bits in `bits` are those of `value`. */
  masked: (op: "eq" | "neq", field: Field<number>, value: number, bits: number): Expression[] => [
    field.load(FIRST),
    mask(dataOf(field.type, bits).value, "maskXor"),
    compare(op, dataOf(field.type, value).value),
  ],
  /** A name that begins so: `match.beginsWith("eq", meta.iifname, "veth")`. */
  beginsWith: (op: "eq" | "neq", field: Field<string>, start: string): Expression[] => [
    field.load(FIRST),
    compare(op, new TextEncoder().encode(start)),
  ],
  /** The fields together are a key of a set. */
  inSet: (fields: readonly Field<unknown>[], set: string): Expression[] => [
    ...loaded(fields),
    { name: "lookup", data: { sreg: FIRST, set } },
  ],
  notInSet: (fields: readonly Field<unknown>[], set: string): Expression[] => [
    ...loaded(fields),
    { name: "lookup", data: { sreg: FIRST, set, flags: ["inv"] } },
  ],
};

/** What becomes of the packet: `verdict("accept")`. */
export const verdict = (code: keyof typeof verdictCodes, chain?: string): Expression => ({
  name: "immediate",
  data: { dreg: 0, data: { verdict: { code, ...(chain !== undefined && { chain }) } } },
});

/** On to another chain, to come back behind this rule. */
export const jump = (chain: string): Expression => verdict("jump", chain);

/** The verdict that a verdict map has for the fields; packets that it does not have go on behind the rule. */
export const verdictFromMap = (fields: readonly Field<unknown>[], map: string): Expression[] => [
  ...loaded(fields),
  { name: "lookup", data: { sreg: FIRST, dreg: 0, set: map } },
];

/** Sets bits of the packet's mark, or clears them; the others stay: `meta mark set meta mark or 0x2000`. */
export const markBits = (bits: number, does: "set" | "clear"): Expression[] => [
  meta.mark.load(FIRST),
  mask(dataOf(markType, ~bits >>> 0).value, "maskXor", dataOf(markType, does === "set" ? bits : 0).value),
  { name: "meta", data: { key: "mark", sreg: FIRST } },
];

export const counter = (): Expression => ({ name: "counter", data: {} });

/**
 * A new destination from a map of address and port: `dnat ip to ip daddr . meta l4proto . th dport map @map`.
 * @param to the type of the addresses in the map, `ipv4Addr` or `ipv6Addr`
 */
export const dnatFromMap = (
  family: "ip" | "ip6",
  to: Datatype<string>,
  fields: readonly Field<unknown>[],
  map: string,
): Expression[] => [
  ...loaded(fields),
  { name: "lookup", data: { sreg: FIRST, dreg: FIRST, set: map } },
  {
    name: "nat",
    data: { type: "dnat", family, regAddrMin: FIRST, regProtoMin: registerAt(aligned(to.size) / 4) },
  },
];

/** The source becomes the address of the interface that the packet leaves by. */
export const masquerade = (): Expression => ({ name: "masq", data: {} });

/** The destination becomes this host, at the same port or another one. */
export const redirect = (port?: number): Expression[] =>
  port === undefined
    ? [{ name: "redir", data: {} }]
    : [
        { name: "immediate", data: { dreg: FIRST, data: dataOf(inetService, port) } },
        { name: "redir", data: { regProtoMin: FIRST, flags: ["protoSpecified"] } },
      ];

/** Refuses the packet with what ICMP or ICMPv6 has for a port where nobody listens. */
export const reject = (): Expression => ({ name: "reject", data: { type: "icmpxUnreach", icmpCode: 1 } });
