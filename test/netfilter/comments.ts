/** What the comments of a captured message say, which come from the kernel's headers and not from our tables. */
import { readFileSync } from "node:fs";
import { parseAddress } from "../../netlink/wire/address.ts";

/** An attribute in a capture. */
export interface Comment {
  /** Where its header stands, from the beginning of the datagram. */
  readonly offset: number;
  /** The kernel's name: `NFTA_SET_KEY_LEN`. */
  readonly name: string;
  /** The value in words; empty where the bytes say as much. */
  readonly value: string;
}

const FOLDER = new URL("../../fixtures/netfilter/", import.meta.url).pathname;
const ATTRIBUTE = /^(NFTA_\w+|CTA_\w+|NFNL_BATCH_\w+)(?:, nested flag)? ?(.*)$/;

/** The attributes of the capture `name`, in their order. */
export function commentsOf(name: string): Comment[] {
  const comments: Comment[] = [];
  let offset = 0;
  for (const line of readFileSync(`${FOLDER}${name}.hex`, "utf8").split("\n")) {
    const [hex = "", ...comment] = line.split("#");
    const [, attribute, value = ""] = ATTRIBUTE.exec(comment.join("#").trim()) ?? [];
    if (attribute !== undefined && hex.trim() !== "") comments.push({ offset, name: attribute, value });
    offset += hex.match(/[0-9a-f]{2}/g)?.length ?? 0;
  }
  return comments;
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, "_$&").toUpperCase();

const isNumber = (text: string): boolean => /^-?\d+$/.test(text);

/** Whether a name of ours is the rest of one of the kernel's. */
const isNamed = (ours: string, theirs: string): boolean => theirs.endsWith(`_${snakeCase(ours)}`);

/**
 * Whether our words for a value mean what a comment says. Where one has a number and the other a name there is nothing
 * to compare.
 */
export function agrees(ours: string, theirs: string): boolean | undefined {
  const [number = ""] = theirs.split(" (0x");
  if (theirs === "" || theirs.startsWith("record ")) return undefined;
  if (theirs.startsWith('"')) return ours === theirs;
  if (isNumber(number))
    return isNumber(ours) ? BigInt.asUintN(64, BigInt(ours) - BigInt(number)) % 2n ** 32n === 0n : undefined;
  if (theirs === "no flags") return ours === "none";
  if (/^[\d.]+$|:/.test(theirs)) return parseAddress(ours).join() === parseAddress(theirs).join();
  if (!/[A-Z]/.test(theirs)) return undefined;
  const names = ours.split(" ");
  return theirs.split("|").every((name, index) => isNamed(names[index] ?? "", name));
}
