/** Real Podman with the CNI backend, on a machine in a box and with directories of its own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configureNetworks, type NetworkOptions } from "./conflist.ts";
import { type Machine, type Output, startMachine } from "./machine.ts";
import { makeRootfs } from "./rootfs.ts";

/** What Podman says about a container's attachment to the network. */
export interface Attachment {
  readonly id: string;
  readonly address: string;
  readonly gateway: string;
  readonly mac: string;
}

/** In the machine's own /run, since Podman refuses a path of more than 50 bytes here. */
const RUNROOT = "/run/podman";

/** Makes a host with one CNI network and no containers. Needs root, podman, crun, iproute2 and busybox-static. */
export async function podmanHost(options: Omit<NetworkOptions, "runtime">): Promise<PodmanHost> {
  const directory = mkdtempSync(join(tmpdir(), "flatnet-podman-"));
  const { conf, network } = configureNetworks(directory, { ...options, runtime: "crun" });
  makeRootfs(join(directory, "rootfs"));
  try {
    const machine = await startMachine({ variables: { CONTAINERS_CONF: conf }, cgroup2: true });
    return new PodmanHost(machine, directory, network);
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
    return this.machine.must(...this.podmanProgram(args));
  }

  /** Power is lost and comes back. */
  losePower(): void {
    this.machine.losePower();
    rmSync(join(this.directory, "tmp"), { recursive: true, force: true });
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
