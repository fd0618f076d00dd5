/** Real containerd, on a machine in a box, driven by `ctr run --cni`. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Conflist } from "./conflist.ts";
import { type Machine, type Output, startMachine } from "./machine.ts";
import { makeRootfs } from "./rootfs.ts";

/** Without Kubernetes' interface, which wants more of a machine. */
const CONFIGURATION = `
version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "/run/containerd/containerd.sock"
`;

/** `ctr` looks for networks and plugins in these places and no others. */
const PREPARE = `
set -e
mkdir -p /etc/cni/net.d /opt/cni/bin
cp -a "$0/plugins/." /opt/cni/bin
cp "$0/net.conflist" /etc/cni/net.d
containerd -c "$0/config.toml" >"$0/log" 2>&1 &
`;

/** Starts containerd with one network. Needs root, containerd, runc, iproute2 and busybox-static. */
export async function containerdHost(pluginDirectory: string, conflist: Conflist): Promise<ContainerdHost> {
  const directory = mkdtempSync(join(tmpdir(), "flatnet-containerd-"));
  writeFileSync(join(directory, "config.toml"), CONFIGURATION);
  writeFileSync(join(directory, "net.conflist"), JSON.stringify(conflist));
  cpSync(pluginDirectory, join(directory, "plugins"), { recursive: true, verbatimSymlinks: true });
  makeRootfs(join(directory, "rootfs"));
  try {
    const machine = await startMachine({ empty: ["/opt", "/etc/cni"] });
    machine.must("sh", "-c", PREPARE, directory);
    const host = new ContainerdHost(machine, directory);
    host.awaitAnswer();
    return host;
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

/** A host on which containerd runs containers; made by `containerdHost`, and gone without a trace after `dispose`. */
export class ContainerdHost implements AsyncDisposable {
  constructor(
    readonly machine: Machine,
    private readonly directory: string,
  ) {}

  /** Runs a container to its end, and gives what it printed. Its attachment ends with it. */
  run(name: string, ...command: string[]): string {
    return this.machine.must("ctr", ...this.runArguments(name, ["--rm"], command));
  }

  /** The same, with others beside it. */
  runAsync(name: string, ...command: string[]): Promise<Output> {
    return this.machine.commandAsync("ctr", ...this.runArguments(name, ["--rm"], command));
  }

  /** How the start of a container in the background ended. `ctr` calls no DEL for it. */
  start(name: string, ...command: string[]): Output {
    return this.machine.command("ctr", ...this.runArguments(name, ["--detach"], command));
  }

  /** Runs a program in a container that was started. */
  exec(name: string, ...command: string[]): Output {
    return this.machine.command(
      "ctr",
      "task",
      "exec",
      "--exec-id",
      `x${performance.now()}`,
      name,
      ...command,
    );
  }

  /** Ends a container that was started; nobody tells the plugins. Its link goes some milliseconds after its namespace. */
  kill(name: string): void {
    const ends = () => this.machine.must("ip", "-oneline", "link", "show", "type", "veth").split("\n").length;
    const before = ends();
    this.machine.must("ctr", "task", "delete", "--force", name);
    this.machine.must("ctr", "container", "delete", name);
    while (ends() === before) Bun.sleepSync(10);
  }

  /** Waits until containerd listens. */
  awaitAnswer(): void {
    const end = performance.now() + 20_000;
    while (this.machine.command("ctr", "version").exitCode !== 0) {
      if (performance.now() > end)
        throw new Error(this.machine.command("cat", `${this.directory}/log`).stdout);
      Bun.sleepSync(50);
    }
  }

  /** Ends everything on the host and removes its directories. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine.dispose();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** No cgroup, so that nothing of the machine's own changes. */
  private runArguments(name: string, options: readonly string[], command: readonly string[]): string[] {
    const rootfs = join(this.directory, "rootfs");
    return ["run", "--rootfs", "--cni", "--cgroup", "", ...options, rootfs, name, ...command];
  }
}
