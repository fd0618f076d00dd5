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

/**
 * The first process of the machine. It mounts what runtimes write to outside their own directories, joins the machine
 * to a neighbour called `outside`, and waits: when its standard input closes, its process namespace ends and with it
 * every container, mount and namespace. cgroup2 is mounted over what is there because crun wants one hierarchy.
 */
const firstProcess = `
set -e
umount -R /sys
mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
for directory in /run /var/lib /dev/shm; do mount -t tmpfs tmpfs $directory; done
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

/** Starts the first process and waits until the machine is set up. */
async function start() {
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
      firstProcess,
    ],
    { stdin: "pipe", stdout: "pipe", stderr: "pipe" },
  );
  for await (const text of process.stdout) {
    if (new TextDecoder().decode(text).includes("ready")) return process;
  }
  throw new Error(`setting up a machine for the test failed: ${await process.stderr.text()}`);
}

/** Makes a machine on which programs see only `variables` and a usual `PATH`. Needs root, util-linux and iproute2. */
export async function startMachine(variables: Readonly<Record<string, string>>): Promise<Machine> {
  const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  return new Machine(await start(), { PATH, HOME: "/root", ...variables });
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

  /** Runs a program on the neighbour, which knows no route but that to the machine. */
  outside(...program: string[]): Output {
    return this.command("ip", "netns", "exec", "outside", ...program);
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
