/** Netlink messages in a datagram, and the kernel's names for their types and flags. */
import { constant, enumWith } from "./headers.ts";

const CONTROL = ["", "NLMSG_NOOP", "NLMSG_ERROR", "NLMSG_DONE", "NLMSG_OVERRUN"];
const SUBSYSTEMS: Record<number, string> = { 1: "IPCTNL_MSG_CT_NEW", 10: "NFT_MSG_NEWTABLE" };

export const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
export const align = (length: number) => (length + 3) & ~3;

/** The kernel's name for a message type. */
export function typeName(protocol: string, type: number): string {
  if (type < 16) return CONTROL[type] ?? String(type);
  if (protocol === "route") return enumWith("RTM_NEWLINK").get(type) ?? String(type);
  if (protocol !== "netfilter") return String(type);
  if (type < 32)
    return type === constant("NFNL_MSG_BATCH_BEGIN") ? "NFNL_MSG_BATCH_BEGIN" : "NFNL_MSG_BATCH_END";
  const member = SUBSYSTEMS[type >> 8];
  return (member && enumWith(member).get(type & 0xff)) ?? String(type);
}

/** The bits above the common five mean something else in each kind of message. */
export function flagNames(type: string, flags: number): string {
  const get = ["ROOT", "MATCH", "ATOMIC"];
  const high = type.startsWith("NLMSG_")
    ? ["CAPPED", "ACK_TLVS"]
    : /GET|_CT_GET/.test(type)
      ? get
      : /DEL/.test(type)
        ? ["NONREC", "BULK"]
        : ["REPLACE", "EXCL", "CREATE", "APPEND"];
  const low = ["REQUEST", "MULTI", "ACK", "ECHO", "DUMP_INTR", "DUMP_FILTERED"];
  const names = [...low, "", "", ...high].map((name, bit) =>
    flags & (1 << bit) ? `NLM_F_${name || bit}` : "",
  );
  return names.filter(Boolean).join("|") || "no flags";
}

/** The messages of a datagram. What follows the last one is left out: iproute2 sends zeros there. */
export function messagesOf(datagram: Uint8Array): { type: number; bytes: Uint8Array }[] {
  const messages = [];
  for (let at = 0; at + 16 <= datagram.length; ) {
    const length = view(datagram).getUint32(at, true);
    if (length < 16) break;
    messages.push({
      type: view(datagram).getUint16(at + 4, true),
      bytes: datagram.subarray(at, at + align(length)),
    });
    at += align(length);
  }
  return messages;
}
