/** Names of numbers and layouts of structs, read from the kernel headers of this machine. */
import { readFileSync } from "node:fs";

const FILES = [
  ...["netlink", "rtnetlink", "if_link", "if_addr", "if_bridge", "neighbour", "fib_rules", "net_namespace"],
  ...["pkt_sched", "pkt_cls", "gen_stats", "tc_act/tc_mirred", "tc_act/tc_gact"],
  ...["../asm-generic/errno-base", "../asm-generic/errno", "veth", "dcbnl", "netconf"],
  ...["nfnetlink", "nf_tables", "nfnetlink_conntrack", "nf_conntrack_common", "nf_conntrack_tcp"].map(
    (name) => `netfilter/${name}`,
  ),
].map((name) => `/usr/include/linux/${name}.h`);

/** Members that several structs share are one macro: `tc_gen`. */
function withMembersOfMacros(text: string): string {
  const macros = text.matchAll(/^#\s*define\s+(\w+)[ \t]+(\S.*;.*)$/gm);
  return [...macros].reduce(
    (expanded, [, name, members]) => expanded.replace(new RegExp(`^\\s*${name};`, "gm"), `${members};`),
    text,
  );
}

const source = withMembersOfMacros(
  FILES.map((file) => readFileSync(file, "utf8"))
    .join("\n")
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/\\\n/g, " "),
);

/** The value of every plain `#define NAME number` and every member of an enum. */
const values = new Map<string, number>();

function evaluate(expression: string): number | undefined {
  const replaced = expression.replace(/\b[A-Za-z_]\w*/g, (name) => String(values.get(name)));
  if (!/^[\s\d()+|<xa-fA-F-]+$/.test(replaced)) return undefined;
  return replaced
    .replace(/[()\s]/g, "")
    .split("|")
    .map((term) => {
      const [left = "", right] = term.split("<<");
      const sum = left.split("+").reduce((total, part) => total + Number(part), 0);
      return right === undefined ? sum : sum << Number(right);
    })
    .reduce((total, term) => total | term, 0);
}

for (const [, name, value] of source.matchAll(/^#\s*define\s+(\w+)[ \t]+(\S.*)$/gm)) {
  const number = evaluate(value!);
  if (number !== undefined && !Number.isNaN(number)) values.set(name!, number);
}

/** The enum that a member belongs to, as number to name. */
const enumOf = new Map<string, Map<number, string>>();
for (const [, body] of source.replace(/^#.*$/gm, "").matchAll(/\benum\s*\w*\s*\{([^}]*)\}/g)) {
  const members = new Map<number, string>();
  let next = 0;
  for (const member of body!.split(",")) {
    const [name = "", value] = member.split("=").map((side) => side.trim());
    if (name === "") continue;
    next = value === undefined ? next : (evaluate(value) ?? next);
    values.set(name, next);
    enumOf.set(name, members);
    if (!/^(__|RTM_BASE$)/.test(name) && !members.has(next)) members.set(next, name);
    next += 1;
  }
}

/** The enum that `member` belongs to, as number to name. */
export function enumWith(member: string): ReadonlyMap<number, string> {
  const members = enumOf.get(member);
  if (!members) throw new Error(`no enum in the kernel headers has ${member}`);
  return members;
}

/** Whether the headers have an enum with `member`. */
export const hasEnumWith = (member: string): boolean => enumOf.has(member);

/** The number of a constant. */
export function constant(name: string): number {
  const value = values.get(name);
  if (value === undefined) throw new Error(`the kernel headers have no ${name}`);
  return value;
}

/** The name of an errno; of two for the same number, the one that the headers define first. */
export function errnoName(errno: number): string | undefined {
  return [...values.keys()].find((name) => /^E[A-Z0-9]+$/.test(name) && values.get(name) === errno);
}

/** A member of a struct: its place and how to read it. */
export type Member = { name: string; offset: number; size: number; signed: boolean; bigEndian: boolean };

const SIZES: Record<string, number> = { char: 1, short: 2, int: 4, unsigned: 4, long: 8 };

type Layout = { members: Member[]; size: number; widest: number };

/** What a member of a struct's type is made of, where that is a struct itself: its members with longer names. */
function inner(type: string, member: string): Layout | undefined {
  const [, name] = /^struct\s+(\w+)$/.exec(type) ?? [];
  if (name === undefined) return undefined;
  const { members, ...rest } = structOf(name);
  return { members: members.map((each) => ({ ...each, name: `${member}.${each.name}` })), ...rest };
}

/** The members of `struct name` with natural alignment, and its size. Arrays are not known here. */
export function structOf(name: string): Layout {
  const body = new RegExp(`struct\\s+${name}\\s*\\{([^}]*)\\}`).exec(source)?.[1];
  if (body === undefined) throw new Error(`the kernel headers have no struct ${name}`);
  let offset = 0;
  let widest = 1;
  const members: Member[] = [];
  for (const declaration of body.replace(/^#.*$/gm, "").split(";")) {
    const [, type = "", member] = /^\s*([\w\s]+?)\s+(\w+)\s*$/.exec(declaration) ?? [];
    if (member === undefined) continue;
    const nested = inner(type, member);
    if (nested !== undefined) {
      offset = Math.ceil(offset / nested.widest) * nested.widest;
      members.push(...nested.members.map((each) => ({ ...each, offset: offset + each.offset })));
      widest = Math.max(widest, nested.widest);
      offset += nested.size;
      continue;
    }
    const kernel = /^__(u|s|be|le)(\d+)$/.exec(type);
    const size = kernel ? Number(kernel[2]) / 8 : SIZES[type.split(/\s+/).at(-1)!];
    if (size === undefined) throw new Error(`struct ${name}: ${type} is a type without a known size`);
    offset = Math.ceil(offset / size) * size;
    widest = Math.max(widest, size);
    const signed = kernel ? kernel[1] === "s" : !type.includes("unsigned");
    members.push({ name: member, offset, size, signed, bigEndian: kernel?.[1] === "be" });
    offset += size;
  }
  return { members, size: Math.ceil(offset / widest) * widest, widest };
}
