/** What containers leave behind on a machine. */
import type { Machine } from "./machine.ts";

const escaped = (text: string): string => text.replaceAll(".", "\\.");

/**
 * The links and namespaces of containers, their leases and remembered results, and the rules that name them. Bridges and
 * notes of the last address stay: they belong to the network.
 * @param addresses that containers had
 */
export function leftovers(machine: Machine, addresses: readonly string[]): string[] {
  const lines = (command: string) => machine.command("sh", "-c", command).stdout.split("\n").filter(Boolean);
  const links = lines("ip -oneline link show").filter((line) => /: (veth|bwp)/.test(line));
  const namespaces = lines("find /run/netns -name 'netns-*'");
  const files = lines("find /var/lib/cni -type f ! -name 'last_reserved_ip.*' ! -name lock");
  const named = addresses.map((address) => new RegExp(`\\b${escaped(address)}\\b`));
  const rules = lines("nft list ruleset").filter((line) => named.some((pattern) => pattern.test(line)));
  return [...links, ...namespaces, ...files, ...rules];
}
