/** What the Go plugins left in the tables of iptables-legacy, and the commands that remove it: nf_tables cannot. */
import { familyOf, parseAddress } from "../../../netlink/wire/address.ts";
import { legacyTable } from "../../sys/xtables.ts";
import { type Family, indexOf, programs } from "../forward/legacy.ts";
import { CNI_FORWARD } from "../forward/scaffold.ts";
import { masqueradeChain, oldPortChain, portChain } from "./names.ts";
import type { Made, PartName } from "./parts.ts";

/** @param chains their names, which are computed where there is such a table only */
function chainsLeft(family: Family, chains: () => readonly string[]): string[] {
  const rules = legacyTable(family, "nat")?.rules;
  if (rules === undefined) return [];
  const program = programs[family];
  return chains()
    .filter((chain) => indexOf(rules, new TextEncoder().encode(`${chain}\0`)) !== -1)
    .map(
      (chain) =>
        `the chain ${chain} of another plugin stays in the table nat of ${program}; remove it: ` +
        `${program}-save -t nat | grep -v ${chain} | ${program}-restore`,
    );
}

function rulesLeft(family: Family, addresses: readonly string[]): string[] {
  const own = addresses.filter((address) => familyOf(address) === (family === "ip" ? 4 : 6));
  const rules = own.length === 0 ? undefined : legacyTable(family, "filter")?.rules;
  if (rules === undefined || indexOf(rules, new TextEncoder().encode(CNI_FORWARD)) === -1) return [];
  const command = `${programs[family]} -D ${CNI_FORWARD}`;
  return own
    .filter((address) => indexOf(rules, parseAddress(address)) !== -1)
    .map(
      (address) =>
        `rules of another plugin for ${address} stay in the chain ${CNI_FORWARD} of ${programs[family]}; remove them: ` +
        `${command} -s ${address} -j ACCEPT; ` +
        `${command} -d ${address} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
    );
}

/** A line for each thing that is left. */
export function legacyLeftovers(names: readonly PartName[], { owner, addresses }: Made): string[] {
  const chains: (() => string)[] = [
    ...(names.includes("masquerade") ? [() => masqueradeChain(owner)] : []),
    ...(names.includes("ports") ? [() => portChain(owner), () => oldPortChain(owner)] : []),
  ];
  return (["ip", "ip6"] as const).flatMap((family) => [
    ...(chains.length > 0 ? chainsLeft(family, () => chains.map((name) => name())) : []),
    ...(names.includes("admitted") ? rulesLeft(family, addresses) : []),
  ]);
}
