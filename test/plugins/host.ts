/** A host of a test's own: a network namespace with a cable to a neighbour outside, containers, and files. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRoute } from "../../netlink/route/index.ts";
import { createNamespace, inside, type Namespace, openNamespace } from "../../netlink/socket/namespace.ts";
import { nameNamespace, removeNamespaceName } from "../../netlink/socket/namespace-name.ts";
import { Boot } from "./boot.ts";
import type { Configuration, Ending } from "./call.ts";
import { ourPlugins } from "./executable.ts";
import { Network } from "./network.ts";

/** The addresses of the host and of its neighbour on the cable between them. The neighbour has no other route. */
export const hostAddress = { v4: "192.0.2.1", v6: "2001:db8::1" } as const;
export const outsideAddress = { v4: "192.0.2.2", v6: "2001:db8::2" } as const;

/** The name of both ends of the cable. */
export const UPLINK = "uplink0";

/** Both ends of the cable work at once: without detection of duplicates no address is tentative for a second. */
function setUp(namespace: Namespace, { v4, v6 }: { readonly v4: string; readonly v6: string }): void {
  inside(namespace, () => writeFileSync(`/proc/sys/net/ipv6/conf/${UPLINK}/accept_dad`, "0"));
  using route = openRoute({ namespace });
  for (const ifname of ["lo", UPLINK]) route.link.set({ ifname, flags: ["up"], change: ["up"] });
  const { index } = route.link.get({ ifname: UPLINK });
  route.address.add({ index, address: v4, prefixlen: 24 });
  route.address.add({ index, address: v6, prefixlen: 64 });
}

/** The name of a device that a host may have for containers, and that of the other end of its cable. */
export const DEVICE = "dev0";
export const DEVICE_END = "dev0-far";

/**
 * Every call sees a directory of the host as /var/lib, so that configurations need not say where files are, and where
 * the host has devices of its own, other directories in the place of sysfs.
 */
const BOX = [
  "unshare",
  "--mount",
  "sh",
  "-c",
  `mount --bind "$0/lib" /var/lib || exit
   if [ -d "$0/sys" ]; then
     mount --bind "$0/sys/bus" /sys/bus && mount --bind "$0/sys/devices" /sys/devices/virtual || exit
   fi
   exec "$@"`,
] as const;

const PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

/** A host without networks. Nothing that is done on it can be seen on the machine. */
export class Host implements Disposable {
  namespace = createNamespace();
  outside = createNamespace();
  /** The last start, when there was one since the host was made. */
  boot: Boot | undefined;
  private readonly root = mkdtempSync(join(tmpdir(), "flatnet-host-"));
  private readonly lib = join(this.root, "lib");
  private readonly containers = new Map<string, Namespace>();
  private named = 0;
  /** What the environment of every program on the host has beside PATH. */
  variables: Readonly<Record<string, string>> = {};

  /** @param plugins the directory of the plugins that its networks are made of */
  constructor(public plugins = ourPlugins()) {
    mkdirSync(this.lib);
    this.plugIn();
  }

  /** Puts the cable between host and neighbour. */
  private plugIn(): void {
    const peer = { ifname: UPLINK, netNsFd: this.outside.fd };
    using route = openRoute({ namespace: this.namespace });
    route.link.create({ ifname: UPLINK, linkinfo: { kind: "veth", data: { peer } } });
    setUp(this.namespace, hostAddress);
    setUp(this.outside, outsideAddress);
  }

  /** The machine starts again: what is in /var/lib stays, and nobody was told. */
  reboot(): Boot {
    this.halt();
    this.namespace = createNamespace();
    this.outside = createNamespace();
    this.plugIn();
    this.boot = new Boot(join(this.root, `boot-${++this.named}`));
    return this.boot;
  }

  /** All namespaces end. */
  private halt(): void {
    for (const container of [...this.containers.values()]) this.end(container);
    this.namespace.close();
    this.outside.close();
  }

  /** The words in front of a program that runs on the host. */
  private box(): string[] {
    return [...BOX, this.root, ...(this.boot?.words() ?? [])];
  }

  /** Makes sure that the host has a device with an address, up: an end of a pair, as no hardware can be had. */
  ensureDevice(): void {
    using route = openRoute({ namespace: this.namespace });
    if (route.link.find({ ifname: DEVICE }) !== undefined) return;
    // That of a namespace which has just ended takes its other end along a moment later.
    while (route.link.find({ ifname: DEVICE_END }) !== undefined) Bun.sleepSync(5);
    inside(this.namespace, () => writeFileSync("/proc/sys/net/ipv6/conf/default/accept_dad", "0"));
    const peer = { ifname: DEVICE_END };
    route.link.create({ ifname: DEVICE, flags: ["up"], linkinfo: { kind: "veth", data: { peer } } });
    route.link.set({ ifname: DEVICE_END, flags: ["up"] });
    route.address.add({
      index: route.link.get({ ifname: DEVICE }).index,
      address: "198.51.100.7",
      prefixlen: 24,
    });
  }

  /** A network of the host. */
  network(configuration: Configuration): Network {
    return new Network(this, configuration);
  }

  /** The namespace of a new container, under a path that no other had before. */
  container(): Namespace {
    using namespace = createNamespace();
    const path = join(this.root, `netns/${++this.named}`);
    nameNamespace(namespace, path);
    const container = openNamespace(path);
    this.containers.set(path, container);
    return container;
  }

  /** Ends a container's namespace: its name is gone at once, its links some milliseconds later. */
  end({ path }: Namespace): void {
    this.containers.get(path)?.close();
    this.containers.delete(path);
    removeNamespaceName(path);
  }

  /** Runs a program on the host with nothing but `variables` in its environment. */
  run(program: readonly string[], variables: Readonly<Record<string, string>>, stdin = ""): Ending {
    const { exitCode, stdout, stderr } = inside(this.namespace, () =>
      Bun.spawnSync([...this.box(), ...program], {
        env: { PATH, ...this.variables, ...variables },
        stdin: new TextEncoder().encode(stdin),
        stderr: "pipe",
      }),
    );
    return { exit: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
  }

  /** The same for several programs at once. */
  runTogether(calls: readonly Parameters<Host["run"]>[]): Promise<Ending[]> {
    const started = inside(this.namespace, () =>
      calls.map(([program, variables, stdin = ""]) =>
        Bun.spawn([...this.box(), ...program], {
          env: { PATH, ...variables },
          stdin: new TextEncoder().encode(stdin),
          stderr: "pipe",
        }),
      ),
    );
    return Promise.all(
      started.map(async (child) => {
        const [stdout, stderr, exit] = await Promise.all([
          child.stdout.text(),
          child.stderr.text(),
          child.exited,
        ]);
        return { exit, stdout, stderr };
      }),
    );
  }

  /**
   * Gives the host devices in sysfs: directories, and symbolic links with what they say, by paths below /sys. Those below
   * /sys/devices have to be in its directory `virtual`.
   */
  sysfs(entries: Readonly<Record<string, true | string>>): void {
    for (const place of ["bus", "devices"]) mkdirSync(join(this.root, "sys", place), { recursive: true });
    for (const [path, target] of Object.entries(entries)) {
      const place = join(this.root, "sys", path.replace(/^devices\/virtual\//, "devices/"));
      mkdirSync(target === true ? place : join(place, ".."), { recursive: true });
      if (target !== true) symlinkSync(target, place);
    }
  }

  /** The path of what plugins know as `/var/lib/${path}`. */
  file(path: string): string {
    return join(this.lib, path);
  }

  /** The addresses that a network has leased, by the names of their files. */
  leases(network: string): string[] {
    const directory = this.file(`cni/networks/${network}`);
    if (!existsSync(directory)) return [];
    return readdirSync(directory)
      .filter((name) => /^[\da-f.:]+$/.test(name))
      .sort();
  }

  /** All files below /var/lib with their texts. */
  files(): Record<string, string> {
    const entries = readdirSync(this.lib, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((file) => join(file.parentPath, file.name));
    const withText = files
      .sort()
      .map((path) => [path.slice(this.lib.length + 1), readFileSync(path, "utf8")]);
    return Object.fromEntries(withText) as Record<string, string>;
  }

  [Symbol.dispose](): void {
    this.halt();
    rmSync(this.root, { recursive: true, force: true });
  }
}
