/** What the kernel says of a namespace, read by programs that are not ours: iproute2, nft, conntrack. */
import { readFileSync, writeFileSync } from "node:fs";
import { inside, type Namespace } from "../../netlink/socket/namespace.ts";

/** Runs a program in a namespace. @throws Error when it fails */
export function program(at: Namespace, ...command: string[]): string {
  const { exitCode, stdout, stderr } = inside(at, () => Bun.spawnSync(command, { stderr: "pipe" }));
  if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${exitCode}: ${stderr}`);
  return stdout.toString();
}

/** `ip -json …`, as objects. */
export function ip<T>(at: Namespace, ...words: string[]): T[] {
  return JSON.parse(program(at, "ip", "-json", "-details", ...words).trim() || "[]") as T[];
}

/** A link as iproute2 shows it. */
export interface ShownLink {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly master?: string;
  readonly operstate: string;
  readonly address: string;
  readonly ifalias?: string;
  readonly promiscuity: number;
  readonly linkinfo?: {
    readonly info_kind?: string;
    readonly info_data?: Readonly<Record<string, unknown>>;
    readonly info_slave_data?: Readonly<Record<string, unknown>>;
  };
}

export const links = (at: Namespace): ShownLink[] => ip<ShownLink>(at, "link", "show");

export function link(at: Namespace, name: string): ShownLink {
  const found = links(at).find(({ ifname }) => ifname === name);
  if (found === undefined) throw new Error(`there is no link ${name}`);
  return found;
}

/** The names of all veth links but the cable to the outside. */
export const vethNames = (at: Namespace): string[] =>
  links(at)
    .filter(({ ifname, linkinfo }) => linkinfo?.info_kind === "veth" && ifname !== "uplink0")
    .map(({ ifname }) => ifname);

interface ShownAddresses {
  readonly ifname: string;
  readonly addr_info: readonly {
    readonly local: string;
    readonly prefixlen: number;
    readonly scope: string;
  }[];
}

/** The addresses of a link, without those that the kernel gives it itself. */
export function addresses(at: Namespace, name: string): string[] {
  const shown = ip<ShownAddresses>(at, "address", "show", "dev", name);
  return shown.flatMap(({ addr_info }) =>
    addr_info.filter(({ scope }) => scope !== "link").map(({ local, prefixlen }) => `${local}/${prefixlen}`),
  );
}

/** The main table of a family in iproute2's words: `default via 10.87.1.1 dev eth0`. */
export function routes(at: Namespace, family: 4 | 6 = 4): string[] {
  const lines = program(at, "ip", `-${family}`, "route", "show").split("\n");
  return lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("fe80::"));
}

/** A sysctl of the namespace. */
export const sysctl = (at: Namespace, key: string): string =>
  inside(at, () => readFileSync(`/proc/sys/${key}`, "utf8")).trim();

export const setSysctl = (at: Namespace, key: string, value: string): void =>
  inside(at, () => writeFileSync(`/proc/sys/${key}`, value));

/** The elements of a set or map, as nft writes them: `10.87.1.2 comment "…"`. */
export function elements(at: Namespace, set: string, table = "inet flatnet"): string[] {
  const sets = program(at, "nft", "list", "table", ...table.split(" ")).split(/\n\t}\n/);
  const text = sets.find((each) => new RegExp(`(set|map) ${set} `).test(each)) ?? "";
  const [, listed = ""] = /elements = {([\s\S]*)}/.exec(text) ?? [];
  return listed
    .split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/)
    .map((element) => element.trim().replace(/\s+/g, " "))
    .filter(Boolean)
    .sort();
}

/** All rules and elements, as nft writes them; empty where there are none. */
export const ruleset = (at: Namespace): string => program(at, "nft", "list", "ruleset");

/** The VLANs of a bridge's port, or of the bridge itself, in the order of their numbers, in iproute2's words. */
export function vlans(at: Namespace, port: string): string[] {
  interface Shown {
    readonly ifname: string;
    readonly vlans?: readonly { vlan: number; vlanEnd?: number; flags?: readonly string[] }[];
  }
  const shown = JSON.parse(program(at, "bridge", "-json", "vlan", "show").trim() || "[]") as Shown[];
  const found = shown.find(({ ifname }) => ifname === port)?.vlans ?? [];
  return found.map(({ vlan, vlanEnd, flags = [] }) =>
    [vlanEnd === undefined ? `${vlan}` : `${vlan}-${vlanEnd}`, ...flags].join(" "),
  );
}
