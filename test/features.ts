/** What a kernel may lack that a test is about, found out by asking the running kernel for it in a namespace of its own. */
import { existsSync } from "node:fs";

/** Something that kernels are built with or without. */
export type Feature =
  /** A kind of link, by its name in `ip link add type KIND`. */
  | `link:${string}`
  /** A queueing discipline, by its name in `tc qdisc add … KIND`. */
  | `qdisc:${string}`
  /** A filter, by its name in `tc filter add … KIND`. */
  | `filter:${string}`
  /** What a filter does, by its name in `tc filter add … action KIND`. */
  | `action:${string}`
  /** A family of nf_tables: `inet`, `ip`, `ip6`, `bridge`, `arp`, `netdev`. */
  | `nf_tables:${string}`
  /** Bridges that look at VLANs (CONFIG_BRIDGE_VLAN_FILTERING). */
  | "bridge-vlans"
  /** Bridged packets seen by the filters of IP (br_netfilter). */
  | "bridge-netfilter";

interface Ending {
  readonly fine: boolean;
  readonly said: string;
}

/** How a command that is run in a new network namespace ends. */
function ask(...command: string[]): Ending {
  const { exitCode, stderr } = Bun.spawnSync(["unshare", "--net", ...command], { stderr: "pipe" });
  return { fine: exitCode === 0, said: stderr.toString() };
}

/** What tc itself wants to know before it asks the kernel. */
const QDISC_OPTIONS: Readonly<Record<string, string>> = {
  ingress: "ingress",
  clsact: "clsact",
  tbf: "root tbf rate 1mbit burst 10kb latency 1ms",
};

const FILTER_OPTIONS: Readonly<Record<string, string>> = {
  u32: "u32 match u32 0 0",
  flower: "flower ip_proto tcp",
  matchall: "matchall classid 1:1",
};

const ACTION_OPTIONS: Readonly<Record<string, string>> = {
  gact: "gact drop",
  police: "police rate 1mbit burst 10kb conform-exceed drop",
  mirred: "mirred egress redirect dev lo",
};

/** Whether a filter can be added, with what it does. */
const takesFilter = (words: string): boolean =>
  ask("sh", "-ec", `tc qdisc add dev lo clsact; tc filter add dev lo ingress protocol ip ${words}`).fine;

/** Each by its kind: the program that asks, whether the kernel has it, and what a kernel without it lacks. */
const probes: Readonly<
  Record<string, { program?: string; has: (name: string) => boolean; lacks: (name: string) => string }>
> = {
  link: {
    program: "ip",
    // A kernel that knows the kind has other things to say of a link without options.
    has: (kind) => !ask("ip", "link", "add", "probe0", "type", kind).said.includes("Unknown device type"),
    lacks: (kind) => `links of kind ${kind}`,
  },
  qdisc: {
    program: "tc",
    has: (kind) =>
      !ask(
        "tc",
        ..."qdisc add dev lo".split(" "),
        ...(QDISC_OPTIONS[kind] ?? `root ${kind}`).split(" "),
      ).said.includes("kind is unknown"),
    lacks: (kind) => `the queueing discipline ${kind}`,
  },
  filter: {
    program: "tc",
    has: (kind) => takesFilter(FILTER_OPTIONS[kind] ?? kind),
    lacks: (kind) => `the filter ${kind}`,
  },
  action: {
    program: "tc",
    has: (kind) => takesFilter(`${FILTER_OPTIONS.u32} action ${ACTION_OPTIONS[kind] ?? kind}`),
    lacks: (kind) => `the action ${kind}`,
  },
  nf_tables: {
    program: "nft",
    has: (family) => ask("nft", "add", "table", family, "probe").fine,
    lacks: (family) => `nf_tables of family ${family}`,
  },
  "bridge-vlans": {
    program: "ip",
    has: () => ask(..."ip link add probe0 type bridge vlan_filtering 1".split(" ")).fine,
    lacks: () => "bridges with VLAN filtering",
  },
  "bridge-netfilter": {
    has: () => existsSync("/proc/sys/net/bridge"),
    lacks: () => "br_netfilter",
  },
};

const partsOf = (text: string): [kind: string, name: string] => {
  const [kind = "", name = ""] = text.split(":");
  return [kind, name];
};

export const isFeature = (need: string): need is Feature => Object.hasOwn(probes, partsOf(need)[0]);

const answers = new Map<Feature, string | undefined>();

/** The reason why a test that is about `feature` cannot run on this kernel, if it cannot. The kernel is asked once. */
export function lacking(feature: Feature): string | undefined {
  if (!answers.has(feature)) {
    const [kind, name] = partsOf(feature);
    const { program, has, lacks } = probes[kind]!;
    const reason =
      program !== undefined && Bun.which(program) === null
        ? `needs the program ${program}`
        : has(name)
          ? undefined
          : `needs a kernel that has ${lacks(name)}`;
    answers.set(feature, reason);
  }
  return answers.get(feature);
}
