/** What the Go plugins have in nf_tables for an attachment, and how it is told from what others have there. */
import type { Expression } from "../../../netlink/netfilter/expression/index.ts";
import type { Rule } from "../../../netlink/netfilter/rules.ts";
import { familyOf, parseAddress } from "../../../netlink/wire/address.ts";
import { decisive, verdictOf } from "../forward/reading.ts";
import { CNI_FORWARD } from "../forward/scaffold.ts";
import type { Owner } from "../owner.ts";
import type { Side } from "../side.ts";
import {
  masqueradeChain,
  masqueradeMark,
  networkMark,
  oldPortChain,
  portChain,
  quoted,
  spoofChains,
} from "./names.ts";
import { commentOf, type Place, removeChains, removeRules, rulesIn, targetOf } from "./rules.ts";

/** An attachment that a Go plugin may have made something for. */
export interface Made {
  readonly owner: Owner;
  /** The container's addresses as far as they are known. */
  readonly addresses: readonly string[];
}

/** A network, and those of its attachments that are still there. */
export interface Valid {
  readonly network: string;
  readonly owners: readonly Owner[];
}

/** One kind of thing. */
export interface Part {
  /** The tables where it is. */
  readonly places: readonly Place[];
  /** Removes what was made for an attachment. */
  remove(host: Side, place: Place, made: Made): void;
  /** Removes what was made for attachments of a network that are not there any more, where their network can be told. */
  collect?(host: Side, place: Place, valid: Valid): void;
}

const nat: readonly Place[] = [
  { family: "ip", table: "nat" },
  { family: "ip6", table: "nat" },
];

/** Removes the chains that rules of `parent` with such a comment lead to, but for those of valid attachments. */
function collectChains(
  host: Side,
  place: Place,
  { parent, comment, valid }: { parent: string; comment: string; valid: readonly string[] },
): void {
  const stale = rulesIn(host, place, parent)
    .filter((rule) => commentOf(rule).startsWith(comment))
    .map((rule) => targetOf(rule) ?? "")
    .filter((chain) => chain.startsWith("CNI-") && !valid.includes(chain));
  removeChains(host, place, parent, [...new Set(stale)]);
}

const POSTROUTING = "POSTROUTING";
const DNAT = "CNI-HOSTPORT-DNAT";

const masqueradingChains: Part = {
  places: nat,
  remove: (host, place, { owner }) => removeChains(host, place, POSTROUTING, [masqueradeChain(owner)]),
  collect: (host, place, { network, owners }) =>
    collectChains(host, place, {
      parent: POSTROUTING,
      comment: `name: ${quoted(network)} id: `,
      valid: owners.map(masqueradeChain),
    }),
};

const MASQUERADE_RULES = "masq_checks";

const masqueradingRules: Part = {
  places: [{ family: "inet", table: "cni_plugins_masquerade" }],
  remove: (host, place, { owner }) =>
    removeRules(host, place, MASQUERADE_RULES, (rule) => commentOf(rule).startsWith(masqueradeMark(owner))),
  collect(host, place, { network, owners }) {
    const valid = owners.map(masqueradeMark);
    removeRules(host, place, MASQUERADE_RULES, (rule) => {
      const comment = commentOf(rule);
      return comment.startsWith(networkMark(network)) && !valid.some((mark) => comment.startsWith(mark));
    });
  },
};

const spoofCheck: Part = {
  places: [{ family: "bridge", table: "nat" }],
  remove: (host, place, { owner }) => removeChains(host, place, "PREROUTING", spoofChains(owner)),
};

const portChains: Part = {
  places: nat,
  remove(host, place, { owner }) {
    removeChains(host, place, DNAT, [portChain(owner)]);
    removeChains(host, place, POSTROUTING, [oldPortChain(owner)]);
  },
  collect: (host, place, { network, owners }) =>
    collectChains(host, place, {
      parent: DNAT,
      comment: `dnat name: ${quoted(network)} id: `,
      valid: owners.map(portChain),
    }),
};

/** Their comment is the container's id alone: of which network they are cannot be told. */
const portRules: Part = {
  places: [
    { family: "ip", table: "cni_hostport" },
    { family: "ip6", table: "cni_hostport" },
  ],
  remove(host, place, { owner }) {
    for (const chain of ["hostports", "hostip_hostports", "masquerading"]) {
      removeRules(host, place, chain, (rule) => commentOf(rule) === owner.containerId);
    }
  },
};

/** Where an address stands in the header. */
const offsets = { 4: { source: 12, destination: 16 }, 6: { source: 8, destination: 24 } } as const;

const sameBytes = (a: Uint8Array | undefined, b: Uint8Array): boolean =>
  a?.length === b.length && b.every((byte, index) => byte === a[index]);

/** Whether expressions begin with a comparison of an address. */
function compares([load, compare]: readonly Expression[], offset: number, address: Uint8Array): boolean {
  if (load?.name !== "payload" || load.data?.base !== "networkHeader") return false;
  if (load.data.offset !== offset || load.data.len !== address.length) return false;
  return compare?.name === "cmp" && compare.data?.op === "eq" && sameBytes(compare.data.data?.value, address);
}

const looksAtConnection = ({ name, data }: Expression): boolean =>
  ["ct", "bitwise", "cmp"].includes(name ?? "") || (name === "match" && data?.name === "conntrack");

/** Whether a rule accepts all from the address, or what belongs to connections to it. */
function admits({ expressions = [] }: Rule, text: string): boolean {
  const said = decisive(expressions);
  const { source, destination } = offsets[familyOf(text)];
  const address = parseAddress(text);
  if (verdictOf(expressions)?.code !== "accept") return false;
  const conditions = said.slice(2, -1);
  if (compares(said, source, address)) return conditions.length === 0;
  return compares(said, destination, address) && conditions.length > 0 && conditions.every(looksAtConnection);
}

/** Nothing in them names the attachment: without the result they cannot be found. */
const admittingRules: Part = {
  places: [
    { family: "ip", table: "filter" },
    { family: "ip6", table: "filter" },
  ],
  remove(host, place, { addresses }) {
    const own = addresses.filter((address) => familyOf(address) === (place.family === "ip" ? 4 : 6));
    if (own.length === 0) return;
    removeRules(host, place, CNI_FORWARD, (rule) => own.some((address) => admits(rule, address)));
  },
};

/** The parts by what they are for. */
export const parts = {
  masquerade: [masqueradingChains, masqueradingRules],
  spoofCheck: [spoofCheck],
  ports: [portChains, portRules],
  admitted: [admittingRules],
} as const satisfies Record<string, readonly Part[]>;
export type PartName = keyof typeof parts;
