/** Runs a command in a namespace of its own under strace and gives the netlink datagrams it sent and received. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";

export type Direction = "toKernel" | "fromKernel";

/** One datagram as it crossed the system call. */
export type Datagram = { direction: Direction; protocol: string; bytes: Uint8Array };

const PROJECT = new URL("../..", import.meta.url).pathname;
const RECORDED = "trace=socket,sendmsg,sendto,recvmsg,recvfrom";

/** What a recorded command did. */
export type Recording = { datagrams: Datagram[]; exitCode: number; stderr: string };

/**
 * Nothing of the host is touched: the network is new, and so is /run, where `ip netns` keeps its names.
 * @param setup shell commands that prepare the namespace and are not recorded
 * @param command the shell command to record; it may fail, since refusals are worth recording
 */
export function record(setup: readonly string[], command: string): Recording {
  const folder = mkdtempSync("/tmp/flatnet-capture-");
  try {
    const trace = `${folder}/trace`;
    const script = [
      "set -e",
      "mount -t tmpfs tmpfs /run",
      ...setup,
      `touch ${trace}`,
      `exec strace -f -s 0 -e ${RECORDED} -e write=all -e read=all -o ${trace} bash -c "$COMMAND"`,
    ].join("\n");
    const run = Bun.spawnSync(["unshare", "--net", "--mount", "bash", "-c", script], {
      cwd: PROJECT,
      env: { ...process.env, LC_ALL: "C", COMMAND: command },
      stdout: "ignore",
      stderr: "pipe",
    });
    if (!existsSync(trace)) throw new Error(`preparing "${command}": ${run.stderr}`);
    const found = datagrams(readFileSync(trace, "latin1"));
    return { datagrams: found, exitCode: run.exitCode, stderr: run.stderr.toString() };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Reads strace's output: a line for the system call, then the hex dump of what it carried. */
function datagrams(trace: string): Datagram[] {
  const protocols = new Map<string, string>();
  const found: { direction: Direction; protocol: string; pairs: string[] }[] = [];
  let pairs: string[] | undefined;
  for (const line of trace.split("\n")) {
    const dumped = /^ \| [0-9a-f]{5} {2}(.{49})/.exec(line);
    if (dumped) pairs?.push(...dumped[1]!.trim().split(/ +/));
    if (dumped || line.startsWith(" *")) continue;
    pairs = undefined;
    const socket = /^(\d+) +socket\(AF_NETLINK, .*NETLINK_(\w+)\) = (\d+)$/.exec(line);
    if (socket) protocols.set(`${socket[1]} ${socket[3]}`, socket[2]!.toLowerCase());
    const call = /^(\d+) +(send|recv)\w+\((\d+),.* = \d+$/.exec(line);
    const protocol = call && protocols.get(`${call[1]} ${call[3]}`);
    if (!protocol || line.includes("MSG_PEEK")) continue;
    pairs = [];
    found.push({ direction: call[2] === "send" ? "toKernel" : "fromKernel", protocol, pairs });
  }
  return found
    .filter(({ pairs }) => pairs.length > 0)
    .map(({ direction, protocol, pairs }) => ({
      direction,
      protocol,
      bytes: Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16)),
    }));
}
