/** What a network has on this host, read from the kernel and the disk: what DEL must remove, and what stays. */
import { readdirSync } from "node:fs";
import { openNetfilter } from "../netlink/netfilter/index.ts";
import { openRoute } from "../netlink/route/index.ts";

export interface State {
  /** Bridges with their addresses. */
  readonly bridges: readonly { readonly name: string; readonly addresses: readonly string[] }[];
  /** The ports of bridges, with their aliases, which say whose they are. */
  readonly ports: readonly { readonly name: string; readonly owner: string }[];
  /** How many elements the sets and maps of the table `inet flatnet` have in all. */
  readonly elements: number;
  /** How many rules the table has. */
  readonly rules: number;
  /** Addresses that are leased to somebody. */
  readonly leases: readonly string[];
}

const TABLE = { family: "inet", table: "flatnet" } as const;

function links(): Pick<State, "bridges" | "ports"> {
  using route = openRoute();
  const addresses = route.address.list();
  const all = route.link.list();
  const bridges = all
    .filter(({ linkinfo }) => linkinfo?.kind === "bridge")
    .map(({ index, ifname = "" }) => ({
      name: ifname,
      addresses: addresses
        .filter((address) => address.index === index && address.family === "inet")
        .map(({ address, prefixlen }) => `${address}/${prefixlen}`),
    }));
  const ports = all
    .filter(({ linkinfo }) => linkinfo?.slaveKind === "bridge")
    .map(({ ifname = "", ifalias = "" }) => ({ name: ifname, owner: ifalias }));
  return { bridges, ports };
}

function firewall(): Pick<State, "elements" | "rules"> {
  using netfilter = openNetfilter();
  if (!netfilter.table.list("inet").some(({ name }) => name === TABLE.table))
    return { elements: 0, rules: 0 };
  const sets = netfilter.set.list(TABLE);
  const counts = sets.map(({ name = "" }) => netfilter.element.list({ ...TABLE, set: name }).length);
  return {
    elements: counts.reduce((sum, count) => sum + count, 0),
    rules: netfilter.rule.list(TABLE).length,
  };
}

/** host-local's format: a file for each address, beside a lock and the last address of each range. */
function leases(network: string): string[] {
  try {
    return readdirSync(`/var/lib/cni/networks/${network}`).filter((name) => /^[0-9a-f.:]+$/.test(name));
  } catch {
    return [];
  }
}

/** The state of `network` on the host whose namespaces this process is in. @throws SystemError, KernelError */
export const stateOf = (network: string): State => ({ ...links(), ...firewall(), leases: leases(network) });

// As a program, for hosts whose namespaces only another process can be in.
if (import.meta.main) console.log(JSON.stringify(stateOf(process.argv[2]!)));
