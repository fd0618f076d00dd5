/** The state of a host and its containers as iproute2 and /proc show it, in words that two worlds can share. */
import { readdirSync, readFileSync } from "node:fs";
import { inside, type Namespace } from "../../netlink/socket/namespace.ts";
import type { Host } from "../plugins/host.ts";
import { program } from "../plugins/kernel.ts";
import type { Attachment } from "../plugins/network.ts";
import { Names, type NamingLink } from "./names.ts";

/** Things by name, and things of things. */
export interface Tree {
  readonly [name: string]: unknown;
}

/** The namespaces of a world: the host's, and that of each container by its id. */
function places(host: Host, attachments: readonly Attachment[]): Map<string, Namespace> {
  const containers = attachments.map(({ id, namespace }) => [id, namespace] as const);
  return new Map([["host", host.namespace], ...containers]);
}

const linksOf = (namespace: Namespace): string =>
  program(namespace, "ip", "-json", "-details", "link", "show");

/** The names of a world as it is now. @param given text of the configurations: addresses in it are no drawn ones */
export function namesOf(host: Host, attachments: readonly Attachment[], given: string): Names {
  const all = [...places(host, attachments)];
  const links = new Map(
    all.map(([place, namespace]) => [place, JSON.parse(linksOf(namespace)) as NamingLink[]]),
  );
  return new Names(links, attachments, given);
}

/** What counts as the kernel works, and keys that it draws for itself. */
const MOVING = /nf_conntrack_count$|tcp_fastopen_key$|stable_secret$/;

function sysctlAt(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "not to be read";
  }
}

/** The settings of links alone: on the second kernel (test/uml) reading all of them takes 10 s. */
const OF_LINKS = /^\/proc\/sys\/net\/ipv[46](\/ip_forward|\/conf(\/(?!lo$|default$)[^/]+(\/\w+)?)?)?$/;
const wanted = process.env.FLATNET_LACKED === undefined ? /./ : OF_LINKS;

/** All sysctls of the network, a tree as the directories are. */
function sysctlTree(directory = "/proc/sys/net"): Tree {
  const entries = readdirSync(directory, { withFileTypes: true })
    .map((entry) => ({ entry, path: `${directory}/${entry.name}` }))
    .filter(({ entry, path }) => wanted.test(path) && !MOVING.test(entry.name));
  return Object.fromEntries(
    entries.map(({ entry, path }) => [entry.name, entry.isDirectory() ? sysctlTree(path) : sysctlAt(path)]),
  );
}

/**
 * Fields of links that name them, or move by themselves: the kernel notices up to a second later that a bridge has no
 * port with a carrier any more.
 */
const LINK_NOISE = /^(ifindex|link_index|link_netnsid|ifname|operstate|.*_timer|topology_change_detected)$/;
const CARRIER = new Set(["LOWER_UP", "NO-CARRIER"]);

function withoutNoise(name: string, value: unknown): unknown {
  if (LINK_NOISE.test(name)) return undefined;
  return name === "flags" ? (value as string[]).filter((flag) => !CARRIER.has(flag)) : value;
}

const linkTree = (text: string): Tree =>
  Object.fromEntries(
    (JSON.parse(text) as { ifname: string }[]).map((link) => [
      link.ifname,
      JSON.parse(JSON.stringify(link, withoutNoise)),
    ]),
  );

interface ShownAddress extends Tree {
  readonly local: string;
  readonly prefixlen: number;
}

/** Whether an address is tentative still is a matter of when one looks. */
function addressTree(text: string): Tree {
  const links = JSON.parse(text) as { ifname: string; addr_info: ShownAddress[] }[];
  return Object.fromEntries(
    links.map(({ ifname, addr_info }) => [
      ifname,
      Object.fromEntries(
        addr_info.map(({ local, prefixlen, tentative: _, ...others }) => [`${local}/${prefixlen}`, others]),
      ),
    ]),
  );
}

/** Lines as a set, without the routes that IPv6 makes of each address when it is no longer tentative. */
function lineTree(text: string): Tree {
  const lines = text.split("\n").map((line) =>
    line
      .replace(/ linkdown\b/, "")
      .trim()
      .replace(/\s+/g, " "),
  );
  const made = /^(local|anycast) [^ ]*(:|link-local)/;
  return Object.fromEntries(
    lines.filter((line) => line !== "" && !made.test(line)).map((line) => [line, true]),
  );
}

interface ShownQdisc extends Tree {
  readonly kind: string;
  readonly dev: string;
  readonly handle: string;
  readonly parent?: string;
}

/** The handle of a queueing discipline that a link got when it came up. */
const UNASKED = "0:";

/** Numbers of actions, which the kernel gives as they are made, and how many use a thing at the moment. */
const COUNTED = new Set(["index", "refcnt"]);

/** The queueing disciplines of each link that somebody asked for, and the filters at what comes in. */
function trafficTree(namespace: Namespace): Tree {
  const tc = (...words: string[]): unknown =>
    JSON.parse(program(namespace, "tc", "-json", "-details", ...words).trim() || "[]", (name, value) =>
      COUNTED.has(name) ? undefined : value,
    );
  const qdiscs = tc("qdisc", "show") as ShownQdisc[];
  return Object.fromEntries(
    qdiscs
      .filter(({ handle }) => handle !== UNASKED)
      .map(({ dev, ...qdisc }) => [
        `${dev} ${qdisc.parent ?? "root"}`,
        qdisc.kind === "ingress"
          ? { ...qdisc, filters: tc("filter", "show", "dev", dev, "parent", "ffff:") }
          : qdisc,
      ]),
  );
}

interface ShownVlans {
  readonly ifname: string;
  readonly vlans?: readonly { readonly vlan: number; readonly flags?: readonly string[] }[];
}

/** The VLANs of each port; nothing on a kernel without them. */
const vlanTree = (text: string): Tree =>
  Object.fromEntries(
    (JSON.parse(text.trim() || "[]") as ShownVlans[]).map(({ ifname, vlans = [] }) => [
      ifname,
      vlans.map(({ vlan, flags = [] }) => [vlan, ...flags].join(" ")),
    ]),
  );

/** What iproute2 says of both families. */
const bothFamilies = (namespace: Namespace, ...words: string[]): string =>
  ["-4", "-6"].map((family) => program(namespace, "ip", family, ...words)).join("");

/** The state of one namespace in the words of `names`. */
const treeOf = (namespace: Namespace, names: Names): Tree => ({
  links: linkTree(names.translate(linksOf(namespace))),
  addresses: addressTree(names.translate(program(namespace, "ip", "-json", "address", "show"))),
  routes: lineTree(names.translate(bothFamilies(namespace, "route", "show", "table", "all"))),
  rules: lineTree(bothFamilies(namespace, "rule", "show")),
  vlans: vlanTree(names.translate(program(namespace, "bridge", "-json", "vlan", "show"))),
  traffic: names.translated(trafficTree(namespace)),
  sysctls: names.translated(inside(namespace, sysctlTree)),
});

/** The text of a file; of one in JSON what it says. */
const fileTree = (files: Readonly<Record<string, string>>): Tree =>
  Object.fromEntries(
    Object.entries(files).map(([path, text]) => [path, path.endsWith(".json") ? JSON.parse(text) : text]),
  );

/** The state of a host with its containers: links, addresses, routes, rules, traffic control and sysctls of each, and the files. */
export function stateOf(host: Host, attachments: readonly Attachment[], given: string): Tree {
  const names = namesOf(host, attachments, given);
  const trees = [...places(host, attachments)].map(([place, namespace]) => [place, treeOf(namespace, names)]);
  return { ...Object.fromEntries(trees), files: names.translated(fileTree(host.files())) };
}
