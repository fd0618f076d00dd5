/** The tables of iptables-legacy, which nf_tables does not show: read as the kernel has them, never changed. */
import { SystemError } from "../../netlink/errors.ts";
import { closeFile, onFirstUse, openLibrary, retrying } from "../../netlink/socket/libc.ts";
import { readTextIfPresent } from "./files.ts";
import { buffer } from "./library.ts";

const libc = onFirstUse(() =>
  openLibrary({
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  }),
);

/**
 * Of each family: address family, level of the options (SOL_IP, SOL_IPV6), the file with the names of its tables, and where
 * a rule says at which of its bytes its target is (struct ipt_entry, struct ip6t_entry).
 */
const families = {
  ip: { domain: 2, level: 0, names: "/proc/thread-self/net/ip_tables_names", targetOffsetAt: 88 },
  ip6: { domain: 10, level: 41, names: "/proc/thread-self/net/ip6_tables_names", targetOffsetAt: 140 },
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
const UNDERFLOWS_AT = 56;
const SIZE_AT = 80;
/** struct ipt_get_entries: name, size, padding, entries. */
const ENTRIES_AT = 40;
/** NF_INET_FORWARD. */
const FORWARD = 2;
/** struct xt_entry_target, behind which a standard target has its verdict: -NF_DROP - 1. */
const TARGET_SIZE = 32;
const DROP = -1;

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

/** A table as it is now. */
export interface LegacyTable {
  /** The bytes of all rules, in which the names of chains and links stand as text. */
  readonly rules: Uint8Array;
  /** Where in it the policy of the chain FORWARD is, as a rule. */
  readonly forwardPolicy: number;
}

/** How often a table may change while it is read. */
const TRIES = 5;

/** The table as a raw socket gives it. @throws SystemError with code `EAGAIN` when it changes meanwhile */
function readTable(fd: number, family: LegacyFamily, table: string): LegacyTable {
  const info = buffer(INFO_SIZE);
  new TextEncoder().encodeInto(table, info);
  option(fd, family, GET_INFO, info);
  const view = new DataView(info.buffer);
  const size = view.getUint32(SIZE_AT, true);
  const entries = buffer(ENTRIES_AT + size);
  new TextEncoder().encodeInto(table, entries);
  new DataView(entries.buffer).setUint32(32, size, true);
  option(fd, family, GET_ENTRIES, entries);
  const forwardPolicy = view.getUint32(UNDERFLOWS_AT + 4 * FORWARD, true);
  return { rules: entries.subarray(ENTRIES_AT), forwardPolicy };
}

/** The table; undefined where there is none, or this process may not look (CAP_NET_RAW). @throws SystemError */
export function legacyTable(family: LegacyFamily, table: string): LegacyTable | undefined {
  if (!hasTable(family, table)) return undefined;
  const { domain } = families[family];
  const fd = libc().socket(domain, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
  if (fd === -1) return undefined;
  try {
    for (let tries = 1; ; tries++) {
      try {
        return readTable(fd, family, table);
      } catch (error) {
        const changed = error instanceof SystemError && error.code === "EAGAIN";
        if (!changed || tries === TRIES) throw error;
      }
    }
  } finally {
    closeFile(fd);
  }
}

/** Whether the chain FORWARD of the table `filter` drops what none of its rules decides on. */
export function legacyDrops(family: LegacyFamily, { rules, forwardPolicy }: LegacyTable): boolean {
  const view = new DataView(rules.buffer, rules.byteOffset, rules.length);
  const target = forwardPolicy + view.getUint16(forwardPolicy + families[family].targetOffsetAt, true);
  return view.getInt32(target + TARGET_SIZE, true) === DROP;
}
