/** Chains of others that drop forwarded packets, and whether they let those of a bridge pass. */
import { type Chain, hooks, listChains } from "../../../netlink/netfilter/chains.ts";
import type { Expression } from "../../../netlink/netfilter/expression/index.ts";
import { listRules } from "../../../netlink/netfilter/rules.ts";
import type { Side } from "../side.ts";

/** Whether the bytes of a comparison are `name` with its NULs, or what is left of `flat*`. */
function fits(value: Uint8Array | undefined, name: string): boolean {
  const text = new TextDecoder().decode(value);
  return text.endsWith("\0") ? text.replace(/\0+$/, "") === name : text !== "" && name.startsWith(text);
}

/** Whether a rule accepts what comes in, or goes out, by the bridge, by its name. */
function accepts(expressions: readonly Expression[], key: "iifname" | "oifname", bridge: string): boolean {
  const verdict = expressions.at(-1);
  if (verdict?.name !== "immediate" || verdict.data?.data?.verdict?.code !== "accept") return false;
  return expressions.some((load, index) => {
    const compare = expressions[index + 1];
    if (load.name !== "meta" || load.data?.key !== key || compare?.name !== "cmp") return false;
    return compare.data?.op === "eq" && fits(compare.data.data?.value, bridge);
  });
}

/** Whether some rules of the chain's table accept both directions: a chain that drops may jump to them. */
function letsPass(host: Side, { family, table }: Chain, bridge: string): boolean {
  const rules = host.netfilter.list(listRules({ family, ...(table !== undefined && { table }) }));
  return (["iifname", "oifname"] as const).every((key) =>
    rules.some(({ expressions }) => accepts(expressions ?? [], key, bridge)),
  );
}

/** The first chain that forwarded packets have to pass, that drops by policy, and knows nothing of the bridge. */
export function droppingChain(host: Side, bridge: string): Chain | undefined {
  const dropping = host.netfilter.list(listChains()).filter(({ hook, policy, family }) => {
    const routed = family === "ip" || family === "ip6" || family === "inet";
    return routed && hook?.hooknum === hooks.forward && policy === "drop";
  });
  return dropping.find((chain) => !letsPass(host, chain, bridge));
}
