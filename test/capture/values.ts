/** Attribute payloads and structs in words. */
import { enumWith, structOf } from "./headers.ts";
import { view } from "./messages.ts";
import type { Shape } from "./shape.ts";

/** A payload in words; nothing where its bytes say as much. */
export function valueText(shape: Shape | undefined, bytes: Uint8Array, littleEndian: boolean): string {
  switch (shape?.is) {
    case "string":
      return JSON.stringify(text(bytes));
    case "mac":
      return bytes.length === 6
        ? Buffer.from(bytes)
            .toString("hex")
            .replace(/..(?=.)/g, "$&:")
        : "";
    case "ip":
      return address(bytes);
    case "userdata":
      return userdata(bytes);
    case "numbers":
      return `${bytes.length / 4} numbers of 32 bits`;
    case "struct":
      return structText(shape.name, bytes);
    case "oneOf":
    case "flags":
      return enumText(shape, number(bytes, littleEndian));
    case "verdict":
      return verdict(Number(number(bytes, false)));
    case "networkNumber":
      return numberText(bytes, false);
    case "bytes":
      return "";
    default:
      return numberText(bytes, littleEndian);
  }
}

export const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).replace(/\0.*$/s, "");

function number(bytes: Uint8Array, littleEndian: boolean): bigint | undefined {
  const at = view(bytes);
  switch (bytes.length) {
    case 1:
      return BigInt(at.getUint8(0));
    case 2:
      return BigInt(at.getUint16(0, littleEndian));
    case 4:
      return BigInt(at.getUint32(0, littleEndian));
    case 8:
      return at.getBigUint64(0, littleEndian);
    default:
      return undefined;
  }
}

function numberText(bytes: Uint8Array, littleEndian: boolean): string {
  const value = number(bytes, littleEndian);
  return value === undefined ? "" : value > 0xffffn ? `${value} (0x${value.toString(16)})` : String(value);
}

function enumText(shape: { is: "oneOf" | "flags"; member: string }, value: bigint | undefined): string {
  const names = enumWith(shape.member);
  if (value === undefined) return "";
  if (shape.is === "oneOf") return names.get(Number(value)) ?? String(value);
  const set = [];
  for (let bit = 0; bit < 32; bit++)
    if (value & (1n << BigInt(bit))) set.push(names.get(2 ** bit) ?? `0x${(2 ** bit).toString(16)}`);
  return set.join("|") || "no flags";
}

function verdict(code: number): string {
  return ["NF_DROP", "NF_ACCEPT"][code] ?? enumWith("NFT_CONTINUE").get(code | 0) ?? String(code);
}

function address(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.length !== 16) return "";
  const groups = Array.from({ length: 8 }, (_, group) =>
    view(bytes)
      .getUint16(group * 2)
      .toString(16),
  );
  return groups.join(":");
}

/** nft's own records in what the kernel keeps for it: type, length, bytes. */
function userdata(bytes: Uint8Array): string {
  const records = [];
  for (let at = 0; at + 2 <= bytes.length; at += 2 + bytes[at + 1]!) {
    const value = bytes.subarray(at + 2, at + 2 + bytes[at + 1]!);
    const printable =
      value.at(-1) === 0 &&
      value.length > 1 &&
      value.subarray(0, -1).every((byte) => byte >= 32 && byte < 127);
    records.push(
      `record ${bytes[at]}: ${printable ? JSON.stringify(text(value)) : Buffer.from(value).toString("hex")}`,
    );
  }
  return records.join(", ");
}

const MANY_MEMBERS = 10;

/** The members of a struct; of a long one, such as a link's statistics, those that are not zero. */
export function structText(name: string, bytes: Uint8Array): string {
  const { members } = structOf(name);
  const shown = [];
  for (const member of members) {
    const part = bytes.subarray(member.offset, member.offset + member.size);
    const value = number(part, !member.bigEndian);
    if (value === undefined || /pad|res[12]$/.test(member.name)) continue;
    if (members.length >= MANY_MEMBERS && value === 0n) continue;
    shown.push(`${member.name} ${member.signed ? BigInt.asIntN(member.size * 8, value) : value}`);
  }
  return shown.join(", ") || "all zero";
}
