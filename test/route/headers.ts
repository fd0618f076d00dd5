/** Reads the kernel's headers of this machine: constants of enums and defines, members of structs. */
import { readFileSync } from "node:fs";

/** Where Debian's linux-libc-dev and its like put them. */
export const FOLDER = "/usr/include/linux";

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, " ");

const source = (header: string): string => withoutComments(readFileSync(`${FOLDER}/${header}`, "utf8"));

/** The number that `text` says: a literal, a shift of one, or a constant named before. */
function numberOf(text: string, known: ReadonlyMap<string, number>): number | undefined {
  const trimmed = text.trim().replace(/^\((.*)\)$/, "$1");
  const [, bit] = /^1U?\s*<<\s*(\w+)$/.exec(trimmed) ?? [];
  if (bit !== undefined) return (1 << (known.get(bit) ?? Number(bit))) >>> 0;
  return /^-?(0x[0-9a-f]+|\d+)U?$/i.test(trimmed) ? Number(trimmed.replace(/U$/i, "")) : known.get(trimmed);
}

function readEnum(body: string, known: Map<string, number>): void {
  let next = 0;
  for (const entry of body.replace(/^\s*#.*$/gm, "").split(",")) {
    const [, name, value] = /^\s*(\w+)\s*(?:=\s*([\s\S]+))?$/.exec(entry) ?? [];
    if (name === undefined) continue;
    const number = value === undefined ? next : (numberOf(value, known) ?? next);
    known.set(name, number);
    next = number + 1;
  }
}

function readDefines(text: string, known: Map<string, number>): void {
  for (const [, name, value] of text.matchAll(/^#\s*define\s+(\w+)[ \t]+(.+)$/gm)) {
    const number = numberOf(value!, known);
    if (number !== undefined && !known.has(name!)) known.set(name!, number);
  }
}

/**
 * Constants of `header` that begin with `prefix`, by the rest of their names.
 * @param member one of the enum that is meant; without it, all defines and enums are
 */
export function constants(header: string, prefix: string, member?: string): Map<string, number> {
  const text = source(header);
  const found = new Map<string, number>();
  for (const [, body] of text.matchAll(/\benum\b[^{;]*\{([^}]*)\}/g)) {
    if (member === undefined || new RegExp(`\\b${member}\\b`).test(body!)) readEnum(body!, found);
  }
  if (member === undefined) readDefines(text, found);
  const chosen = [...found].filter(([name]) => name.startsWith(prefix));
  return new Map(chosen.map(([name, number]) => [name.slice(prefix.length), number]));
}

/** The macro with which the structs of actions begin (linux/pkt_cls.h), as its members. */
const GENERIC = "index; capab; action; refcnt; bindcnt;";

/** The names of the members of `struct name` in `header`, in their order. */
export function members(header: string, name: string): string[] {
  const [, struct = ""] = new RegExp(`struct ${name} \\{([^}]*)\\}`).exec(source(header)) ?? [];
  const body = struct.replace("tc_gen;", GENERIC);
  return [...body.matchAll(/(\w+)(?:\[\w+\])?;/g)].map(([, member]) => member!);
}

/** A constant's or member's name as this library writes it: `NET_NS_FD` is `netNsFd`. */
export const camelCase = (name: string): string =>
  name.toLowerCase().replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
