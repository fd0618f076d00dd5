/** The tables of iptables-legacy, which nf_tables does not show: read as the kernel has them, never changed. */
import { closeFile, onFirstUse, openLibrary, retrying } from "../../netlink/socket/libc.ts";
import { readTextIfPresent } from "./files.ts";
import { buffer } from "./library.ts";

const libc = onFirstUse(() =>
  openLibrary({
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  }),
);

/** Of each family: address family, level of the options (SOL_IP, SOL_IPV6), and the file with the names of its tables. */
const families = {
  ip: { domain: 2, level: 0, names: "/proc/thread-self/net/ip_tables_names" },
  ip6: { domain: 10, level: 41, names: "/proc/thread-self/net/ip6_tables_names" },
} as const;
export type LegacyFamily = keyof typeof families;

const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const IPPROTO_RAW = 255;
/** IPT_SO_GET_INFO, IPT_SO_GET_ENTRIES; the same numbers for IPv6 (linux/netfilter_ipv4/ip_tables.h). */
const GET_INFO = 64;
const GET_ENTRIES = 65;
/** struct ipt_getinfo: name, valid hooks, 5 hook entries, 5 underflows, number of entries, size. */
const INFO_SIZE = 84;
const SIZE_AT = 80;
/** struct ipt_get_entries: name, size, padding, entries. */
const ENTRIES_AT = 40;

/** Whether the family has such a table; asking for one that is not there would load its module. */
const hasTable = (family: LegacyFamily, table: string): boolean =>
  (readTextIfPresent(families[family].names) ?? "").split("\n").includes(table);

function option(fd: number, family: LegacyFamily, number: number, value: Uint8Array<ArrayBuffer>): void {
  const operation = `read the tables of iptables-legacy (${family})`;
  const length = new Uint32Array(new ArrayBuffer(4));
  length[0] = value.length;
  const { level } = families[family];
  retrying(operation, () => libc().getsockopt(fd, level, number, value, length));
}

/**
 * The bytes of all rules of a table, in which the names of chains stand as text; undefined where there is no such table.
 * @throws SystemError
 */
export function legacyRules(family: LegacyFamily, table: string): Uint8Array | undefined {
  if (!hasTable(family, table)) return undefined;
  const { domain } = families[family];
  const fd = retrying("open a raw socket", () => libc().socket(domain, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
  try {
    const info = buffer(INFO_SIZE);
    new TextEncoder().encodeInto(table, info);
    option(fd, family, GET_INFO, info);
    const size = new DataView(info.buffer).getUint32(SIZE_AT, true);
    const entries = buffer(ENTRIES_AT + size);
    new TextEncoder().encodeInto(table, entries);
    new DataView(entries.buffer).setUint32(32, size, true);
    option(fd, family, GET_ENTRIES, entries);
    return entries.subarray(ENTRIES_AT);
  } finally {
    closeFile(fd);
  }
}
