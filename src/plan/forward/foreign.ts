/** Chains of others that drop forwarded packets, whether they let those of containers pass, and how to make them. */
import { type Chain, hooks, listChains } from "../../../netlink/netfilter/chains.ts";
import { listRules } from "../../../netlink/netfilter/rules.ts";
import { listTables } from "../../../netlink/netfilter/tables.ts";
import { explain } from "../../cni/explain.ts";
import { TABLE } from "../firewall/sets.ts";
import type { Resource } from "../resource.ts";
import type { Side } from "../side.ts";
import { legacyObstacle } from "./legacy.ts";
import { isMarked, markText, window } from "./mark.ts";
import { accepts, dropsAll, type Said, verdictOf } from "./reading.ts";

/** A chain in the way. */
export interface Obstacle {
  /** What it does, as a sentence. */
  readonly says: string;
  /** Commands that let containers pass. */
  readonly remedy: string;
}

/** Whose packets are to pass. */
export interface Passing {
  /** By which links containers are reached: a name, with a `*` behind it where it is a prefix; absent where nobody knows. */
  readonly links?: string | undefined;
  /**
   * What the plugin `firewall` looks after, besides marking packets: the tables of iptables, or those of firewalld. `maybe`:
   * it may come later in the list.
   */
  readonly firewall: "no" | "maybe" | "iptables" | "firewalld";
}

/** Links that nobody knows but the plugins before: whatever lets something pass may mean them. */
export const ANY = "*";

/** Whether the bytes of a comparison are `name` with its NULs, or what is left of `flat*`. */
function fits(value: Uint8Array | undefined, name: string): boolean {
  const text = new TextDecoder().decode(value);
  return text.endsWith("\0") ? text.replace(/\0+$/, "") === name : text !== "" && name.startsWith(text);
}

/** Whether a rule lets on what comes in, or goes out, by the bridge, by its name. */
function names(said: Said, key: "iifname" | "oifname", bridge: string): boolean {
  const code = verdictOf(said)?.code;
  if (code !== "accept" && code !== "jump" && code !== "goto") return false;
  return said.some((load, index) => {
    const compare = said[index + 1];
    if (load.name !== "meta" || load.data?.key !== key || compare?.name !== "cmp") return false;
    return compare.data?.op === "eq" && fits(compare.data.data?.value, bridge);
  });
}

const rulesOf = (host: Side, of: { family: Chain["family"]; table?: string; chain?: string }): Said[] =>
  host.netfilter.list(listRules(of)).map(({ expressions }) => expressions ?? []);

/** Whether some rules of the chain's table let both directions pass: a chain that drops may jump to them. */
function letsPass(host: Side, { family, table }: Chain, { links }: Passing): boolean {
  const rules = rulesOf(host, { family, ...(table !== undefined && { table }) });
  if (rules.some((said) => accepts(said, isMarked()))) return true;
  if (links === ANY) return rules.some((said) => verdictOf(said)?.code === "accept");
  if (links === undefined) return false;
  return (["iifname", "oifname"] as const).every((key) => rules.some((said) => names(said, key, links)));
}

/** Whether packets that no rule decides on are dropped: by the policy, or by a last rule for all. */
function drops(host: Side, { family, table, name, policy }: Chain): boolean {
  if (policy === "drop") return true;
  const last = rulesOf(host, { family, ...(table && { table }), ...(name && { chain: name }) }).at(-1);
  return last !== undefined && dropsAll(last);
}

const isIptables = ({ family, table, name }: Chain): boolean =>
  (family === "ip" || family === "ip6") && table === "filter" && name === "FORWARD";

const isFirewalld = ({ table }: Chain): boolean => table === "firewalld";

const isRouted = ({ family }: Chain): boolean => ["ip", "ip6", "inet"].includes(family as string);

/** A shell would look for files that a `*` fits. */
const inShell = (name: string): string => (/[*+]$/.test(name) ? `'${name}'` : name);

/** firewalld writes its table anew whenever it is reloaded, and newer versions let nobody else change it. */
const zoneCommands = (links: string): string =>
  `firewall-cmd --permanent --zone=trusted --add-interface=${inShell(links.replace("*", "+"))}; firewall-cmd --reload`;

function ruleCommands({ family, table, name, hook }: Chain, links: string, { firewall }: Passing): string {
  const insert = `nft insert rule ${family} ${table} ${name}`;
  const { priority = 0 } = hook ?? {};
  const isSeen = priority > window.opens && priority < window.closes;
  if ((firewall === "iptables" || firewall === "firewalld") && isSeen)
    return `${insert} ${markText.nft} accept`;
  return `${insert} iifname ${inShell(links)} accept; ${insert} oifname ${inShell(links)} accept`;
}

/** The first chain that forwarded packets have to pass, that drops what no rule accepts, and knows nothing of these. */
export function obstacleTo(host: Side, passing: Passing): Obstacle | undefined {
  const { links, firewall } = passing;
  const chain = host.netfilter
    .list(listChains())
    .filter((each) => each.hook?.hooknum === hooks.forward && isRouted(each) && each.table !== TABLE.table)
    .filter((each) => !(isIptables(each) && (firewall === "maybe" || firewall === "iptables")))
    .filter((each) => !(isFirewalld(each) && (firewall === "maybe" || firewall === "firewalld")))
    .find((each) => drops(host, each) && !letsPass(host, each, passing));
  if (chain === undefined) return legacyObstacle(passing);
  const { family, table, name } = chain;
  const known = links === ANY ? undefined : links;
  const given = known ?? "BRIDGE";
  return {
    says:
      `the chain ${name} of the nf_tables table ${family} ${table} drops forwarded packets, and no rule there accepts ` +
      `those of ${known ?? "containers"}`,
    remedy: `let it accept them: ${isFirewalld(chain) ? zoneCommands(given) : ruleCommands(chain, given, passing)}`,
  };
}

/**
 * Chains and sets beyond which an ADD does not look at all of them: kube-proxy has several chains a service, and STATUS
 * looks anyway. The kernel cannot pick out those at a hook.
 */
const MANY = 300;

const areMany = (host: Side): boolean =>
  host.netfilter.list(listTables()).reduce((sum, { use = 0 }) => sum + use, 0) > MANY;

/** Tells of a chain that drops a new container's packets all the same: it is somebody else's, and may be meant so. */
export const toldOfObstacles = (host: Side, passing: Passing, tell: (line: string) => void): Resource => ({
  describe: () => "no chain of others in the way",
  ensure() {
    try {
      const obstacle = areMany(host) ? undefined : obstacleTo(host, passing);
      if (obstacle !== undefined) tell(`warning: ${obstacle.says}; ${obstacle.remedy}`);
    } catch (error) {
      tell(`warning: chains of others were not looked at: ${explain(error).message}`);
    }
    return undefined;
  },
  check: () => [],
  remove: () => undefined,
});
