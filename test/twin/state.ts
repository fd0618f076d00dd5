/** The state of a host and its containers as iproute2 and /proc show it, in words that two worlds can share. */
import { readdirSync, readFileSync } from "node:fs";
import { inside, type Namespace } from "../../netlink/socket/namespace.ts";
import type { Host } from "../plugins/host.ts";
import { program } from "../plugins/kernel.ts";
import type { Attachment } from "../plugins/network.ts";
import { Names } from "./names.ts";

/** Things by name, and things of things. */
export type Tree = { readonly [name: string]: Tree | string | number | boolean | null | readonly unknown[] };

/** Programs and files of a namespace as they are, before anything is named. */
interface Raw {
  readonly links: string;
  readonly addresses: string;
  readonly routes: readonly string[];
  readonly rules: readonly string[];
  readonly sysctls: string;
}

function readSysctl(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "not to be read";
  }
}

/** What counts as the kernel works, and keys that it draws for itself. */
const MOVING = /nf_conntrack_count$|tcp_fastopen_key$|stable_secret$/;

function sysctlsHere(): string {
  const root = "/proc/sys/net/";
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => `${parentPath}/${name}`.replace("//", "/"));
  const values = paths
    .filter((path) => !MOVING.test(path))
    .map((path) => [path.slice(root.length), readSysctl(path)] as const);
  return JSON.stringify(Object.fromEntries(values.sort(([a], [b]) => (a < b ? -1 : 1))));
}

const families = ["-4", "-6"] as const;

const rawOf = (namespace: Namespace): Raw => ({
  links: program(namespace, "ip", "-json", "-details", "link", "show"),
  addresses: program(namespace, "ip", "-json", "address", "show"),
  routes: families.map((family) => program(namespace, "ip", family, "route", "show", "table", "all")),
  rules: families.map((family) => program(namespace, "ip", family, "rule", "show")),
  sysctls: inside(namespace, sysctlsHere),
});

type Shown = Record<string, unknown>;

/** Fields that say the same as others, or count. */
const LINK_NOISE = new Set(["ifindex", "link_index", "link_netnsid", "ifname"]);
const isTimer = (name: string): boolean => name.endsWith("_timer") || name === "topology_change_detected";

/** An object without what moves by itself, and its parts without it too. */
function still(shown: Shown): Tree {
  const kept = Object.entries(shown).filter(([name]) => !LINK_NOISE.has(name) && !isTimer(name));
  return Object.fromEntries(
    kept.map(([name, value]) => [
      name,
      typeof value === "object" && value !== null && !Array.isArray(value) ? still(value as Shown) : value,
    ]),
  ) as Tree;
}

const linkTree = (text: string): Tree =>
  Object.fromEntries((JSON.parse(text) as Shown[]).map((link) => [link.ifname as string, still(link)]));

/** The kernel's own IPv6 address of a link is tentative for a while, each time for another while. */
function addressTree(text: string): Tree {
  const links = JSON.parse(text) as { ifname: string; addr_info: Shown[] }[];
  return Object.fromEntries(
    links.map(({ ifname, addr_info }) => [
      ifname,
      Object.fromEntries(
        addr_info.map(({ local, prefixlen, tentative, ...others }) => [
          `${local}/${prefixlen}`,
          { ...others, ...(others.scope !== "link" && tentative ? { tentative } : {}) } as Tree,
        ]),
      ),
    ]),
  );
}

/** Lines as a set. The kernel's own IPv6 routes of a link come when its own address has settled. */
function lineTree(texts: readonly string[]): Tree {
  const lines = texts.flatMap((text) => text.split("\n")).map((line) => line.trim().replace(/\s+/g, " "));
  return Object.fromEntries(
    lines.filter((line) => line !== "" && !/^(local|anycast) (fe80|<link-local)/.test(line)).map((line) => [line, true]),
  );
}

/** The state of one namespace in the words of `names`. */
function treeOf(raw: Raw, names: Names): Tree {
  return {
    links: linkTree(names.translate(raw.links)),
    addresses: addressTree(names.translate(raw.addresses)),
    routes: lineTree(raw.routes.map((text) => names.translate(text))),
    rules: lineTree(raw.rules),
    sysctls: JSON.parse(names.translate(raw.sysctls)) as Tree,
  };
}

/** The state of a host with its containers: links, addresses, routes, rules and sysctls of each, and the files. */
export function stateOf(host: Host, attachments: readonly Attachment[], given: string): { tree: Tree; names: Names } {
  const containers = new Map(attachments.map(({ id, namespace }) => [id, namespace]));
  const raw = new Map([["host", rawOf(host.namespace)] as const]);
  for (const [id, namespace] of containers) raw.set(id, rawOf(namespace));
  const links = new Map([...raw].map(([place, { links }]) => [place, JSON.parse(links)] as const));
  const names = new Names(links, containers, given);
  const trees = [...raw].map(([place, each]) => [place, treeOf(each, names)] as const);
  const files = JSON.parse(names.translate(JSON.stringify(host.files()))) as Tree;
  return { tree: { ...Object.fromEntries(trees), files }, names };
}
