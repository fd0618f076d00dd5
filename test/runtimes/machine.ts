/** A machine in a box: mount, network and process namespaces of its own, and a neighbour at the end of a cable. */

/** How a program ended. */
export interface Output {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The address of the machine's only outward interface, and that of the neighbour at its other end. */
export const hostAddress = "192.0.2.1";
export const outsideAddress = "192.0.2.2";

/** What a machine has of the real one's, and what of its own. */
export interface MachineOptions {
  /** The environment of its programs, beside a usual `PATH`. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Directories that are empty there, beside those in which every runtime keeps its state. */
  readonly empty?: readonly string[];
  /** Whether cgroup2 is mounted over what is there, because a program wants one hierarchy. */
  readonly cgroup2?: boolean;
}

const STATE = ["/run", "/var/lib", "/dev/shm"];

const ONE_HIERARCHY = `
umount -R /sys
mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
`;

/**
 * The first process of the machine. It mounts what runtimes write to outside their own directories, joins the machine
 * to a neighbour called `outside`, and waits: when its standard input closes, its process namespace ends and with it
 * every container, mount and namespace.
 */
const firstProcess = ({ empty = [], cgroup2 = false }: MachineOptions): string => `
set -e
${cgroup2 ? ONE_HIERARCHY : ""}
for directory in ${[...STATE, ...empty].join(" ")}; do mount -t tmpfs tmpfs $directory; done
ip link set lo up
ip netns add outside
ip link add uplink0 type veth peer name uplink0 netns outside
ip address add ${hostAddress}/24 dev uplink0
ip link set uplink0 up
ip -n outside link set lo up
ip -n outside address add ${outsideAddress}/24 dev uplink0
ip -n outside link set uplink0 up
exec 3<&0
echo ready
cat <&3 >/dev/null & wait $!
`;

/**
 * What a loss of power leaves: no process, namespace, link or rule of a container, and nothing of what was in memory. The
 * machine then says that it has just started.
 */
const powerLoss = `
set -e
for status in /proc/[0-9]*/status; do
  id=\${status#/proc/}; id=\${id%/status}
  case $id:$(cat /proc/$id/comm 2>/dev/null) in 1:*|$$:*|*:cat|*:) ;; *) kill -9 $id 2>/dev/null || true ;; esac
done
umount /run/netns/netns-* 2>/dev/null || true
for link in $(ip -oneline link show type bridge | cut -d: -f2); do ip link delete $link; done
nft flush ruleset
for directory in /run /dev/shm; do mount -t tmpfs tmpfs $directory; done
echo 0.00 0.00 >/run/uptime
mount --bind /run/uptime /proc/uptime
`;

/** Starts the first process and waits until the machine is set up. */
async function start(options: MachineOptions) {
  const process = Bun.spawn(
    [
      "unshare",
      "-mnpf",
      "--propagation",
      "private",
      "--mount-proc",
      "--kill-child",
      "sh",
      "-c",
      firstProcess(options),
    ],
    { stdin: "pipe", stdout: "pipe", stderr: "pipe" },
  );
  for await (const text of process.stdout) {
    if (new TextDecoder().decode(text).includes("ready")) return process;
  }
  throw new Error(`setting up a machine for the test failed: ${await process.stderr.text()}`);
}

/** Makes a machine. Needs root, util-linux and iproute2. */
export async function startMachine(options: MachineOptions = {}): Promise<Machine> {
  const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  return new Machine(await start(options), { PATH, HOME: "/root", ...options.variables });
}

/** Made by `startMachine`; after `dispose` nothing of it is left. */
export class Machine implements AsyncDisposable {
  constructor(
    private readonly first: Awaited<ReturnType<typeof start>>,
    private readonly environment: Record<string, string>,
  ) {}

  /** Runs a program on the machine and waits for its end. */
  command(...program: string[]): Output {
    const child = Bun.spawnSync(this.onMachine(program), { env: this.environment, stdin: "ignore" });
    return { exitCode: child.exitCode, stdout: child.stdout.toString(), stderr: child.stderr.toString() };
  }

  /** The same, with others beside it. */
  async commandAsync(...program: string[]): Promise<Output> {
    const options = { env: this.environment, stdin: "ignore", stderr: "pipe" } as const;
    const child = Bun.spawn(this.onMachine(program), options);
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    return { exitCode: await child.exited, stdout, stderr };
  }

  /** Runs a program on the machine, gives what it printed, and throws when it fails. */
  must(...program: string[]): string {
    const { exitCode, stdout, stderr } = this.command(...program);
    if (exitCode === 0) return stdout;
    throw new Error(`${program.join(" ")} ended with ${exitCode}: ${stderr.trim()}`);
  }

  /** Runs a program on the neighbour, which knows no route but that to the machine. */
  outside(...program: string[]): Output {
    return this.command("ip", "netns", "exec", "outside", ...program);
  }

  /** The machine starts again after a loss of power; its neighbour is gone. */
  losePower(): void {
    this.must("sh", "-c", powerLoss);
  }

  /** Ends everything that runs on the machine. */
  async dispose(): Promise<void> {
    this.first.stdin.end();
    await this.first.exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** `unshare` itself stays in the old process namespace; only its children are in the new one. */
  private onMachine(program: readonly string[]): string[] {
    const own = `/proc/${this.first.pid}/ns`;
    const namespaces = [`--mount=${own}/mnt`, `--net=${own}/net`, `--pid=${own}/pid_for_children`];
    return ["nsenter", ...namespaces, ...program];
  }
}
