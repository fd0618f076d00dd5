/** Real Podman with the CNI backend, on a machine in a box and with directories of its own. */
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type Machine, type Output, startMachine } from "./machine.ts";

/** A CNI network configuration list, as a file of `/etc/cni/net.d` holds it. */
export interface Conflist {
  readonly cniVersion: string;
  readonly name: string;
  readonly plugins: readonly ({ readonly type: string } & Readonly<Record<string, unknown>>)[];
}

/** What Podman says about a container's attachment to the network. */
export interface Attachment {
  readonly id: string;
  readonly address: string;
  readonly gateway: string;
  readonly mac: string;
}

/** `containers.conf`. Cgroups and limits are left alone, so that no right beyond root's usual ones is needed. */
const containersConf = (pluginDirectory: string, configDirectory: string, network: string) => `
[network]
network_backend = "cni"
cni_plugin_dirs = [${JSON.stringify(pluginDirectory)}]
network_config_dir = ${JSON.stringify(configDirectory)}
default_network = ${JSON.stringify(network)}
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "crun"
[containers]
cgroups = "disabled"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
`;

/** In the machine's own /run, since Podman refuses a path of more than 50 bytes here. */
const RUNROOT = "/run/podman";

/** Makes a root file system out of one static busybox and a link for each of its applets. */
function makeRootfs(directory: string): void {
  const busybox = Bun.which("busybox") ?? "/bin/busybox";
  for (const name of ["bin", "dev", "etc", "proc", "run", "sys", "tmp"]) {
    mkdirSync(join(directory, name), { recursive: true });
  }
  copyFileSync(busybox, join(directory, "bin/busybox"));
  chmodSync(join(directory, "bin/busybox"), 0o755);
  for (const applet of Bun.spawnSync([busybox, "--list"]).stdout.toString().split("\n")) {
    if (applet && applet !== "busybox") symlinkSync("busybox", join(directory, "bin", basename(applet)));
  }
}

/** What a Podman host is made with. */
export interface PodmanHostOptions {
  /** Directory of CNI executables, the only one Podman searches. */
  readonly pluginDirectory: string;
  /** The one network of the host. */
  readonly conflist: Conflist;
}

/** Makes a host with one CNI network and no containers. Needs root, podman, crun, iproute2 and busybox-static. */
export async function podmanHost({ pluginDirectory, conflist }: PodmanHostOptions): Promise<PodmanHost> {
  const directory = mkdtempSync(join(tmpdir(), "flatnet-podman-"));
  mkdirSync(join(directory, "net.d"));
  writeFileSync(join(directory, "net.d", `${conflist.name}.conflist`), JSON.stringify(conflist));
  const conf = containersConf(pluginDirectory, join(directory, "net.d"), conflist.name);
  writeFileSync(join(directory, "containers.conf"), conf);
  makeRootfs(join(directory, "rootfs"));
  try {
    const machine = await startMachine({ CONTAINERS_CONF: join(directory, "containers.conf") });
    return new PodmanHost(machine, directory, conflist.name);
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

/** A host on which Podman runs containers; made by `podmanHost`, and gone without a trace after `dispose`. */
export class PodmanHost implements AsyncDisposable {
  constructor(
    /** The machine Podman runs on. */
    readonly machine: Machine,
    private readonly directory: string,
    /** Name of the network that `run` attaches containers to. */
    readonly network: string,
  ) {}

  /** Runs `podman` with these arguments and gives how it ended. */
  podman(...args: string[]): Output {
    return this.machine.command(...this.podmanProgram(args));
  }

  /** The same, with others beside it. */
  podmanAsync(...args: string[]): Promise<Output> {
    return this.machine.commandAsync(...this.podmanProgram(args));
  }

  /** The arguments that start a container called `name` on the network, in the background. */
  runArguments(name: string, options: readonly string[] = [], command: readonly string[] = idle): string[] {
    const container = ["--name", name, "--hostname", name, "--network", this.network, ...options];
    return ["run", "--detach", ...container, "--rootfs", join(this.directory, "rootfs"), ...command];
  }

  /** Starts a container in the background and gives its id. Throws with Podman's words when it is refused. */
  run(name: string, options?: readonly string[], command?: readonly string[]): string {
    return this.mustPodman(...this.runArguments(name, options, command)).trim();
  }

  /** Runs a program in a running container and gives what it printed. */
  exec(name: string, ...command: string[]): string {
    return this.mustPodman("exec", name, ...command);
  }

  /** A container's attachment; its strings are empty while the container is stopped. */
  inspect(name: string): Attachment {
    const [container] = JSON.parse(this.mustPodman("inspect", "--type", "container", name)) as InspectData[];
    const settings = container!.NetworkSettings.Networks[this.network]!;
    return {
      id: container!.Id,
      address: settings.IPAddress,
      gateway: settings.Gateway,
      mac: settings.MacAddress,
    };
  }

  /** Kills and removes containers. */
  rm(...names: string[]): void {
    this.mustPodman("rm", "--force", "--time", "0", ...names);
  }

  /** Runs `podman`, gives what it printed, and throws when it fails. */
  mustPodman(...args: string[]): string {
    const { exitCode, stdout, stderr } = this.podman(...args);
    if (exitCode !== 0) throw new Error(`podman ${args.join(" ")} ended with ${exitCode}: ${stderr.trim()}`);
    return stdout;
  }

  /** Ends everything on the host and removes its directories. */
  async dispose(): Promise<void> {
    await this.machine.dispose();
    rmSync(this.directory, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  private podmanProgram(args: readonly string[]): string[] {
    const [root, temporary] = ["root", "tmp"].map((name) => join(this.directory, name));
    const own = ["--root", root!, "--runroot", RUNROOT, "--tmpdir", temporary!, "--storage-driver", "vfs"];
    return ["podman", ...own, ...args];
  }
}

/** Sleeps until `podman stop`. Without a handler process 1 ignores SIGTERM, and stop would take its ten seconds. */
const idle = ["/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done"];

interface InspectData {
  readonly Id: string;
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, { IPAddress: string; Gateway: string; MacAddress: string }>>;
  };
}
