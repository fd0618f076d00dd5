/** A host of a test's own: a network namespace with a cable to a neighbour outside, containers, and files. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRoute } from "../../netlink/route/index.ts";
import { createNamespace, inside, type Namespace } from "../../netlink/socket/namespace.ts";
import type { Configuration, Ending } from "./call.ts";
import { Network } from "./network.ts";
import { ourPlugins } from "./executable.ts";

/** The addresses of the host and of its neighbour on the cable between them. The neighbour has no other route. */
export const hostAddress = { v4: "192.0.2.1", v6: "2001:db8::1" } as const;
export const outsideAddress = { v4: "192.0.2.2", v6: "2001:db8::2" } as const;

/** The host's end of the cable, and the neighbour's. */
export const UPLINK = "uplink0";

function setUp(namespace: Namespace, addresses: typeof hostAddress | typeof outsideAddress): void {
  using route = openRoute({ namespace });
  for (const ifname of ["lo", UPLINK]) route.link.set({ ifname, flags: ["up"], change: ["up"] });
  const { index } = route.link.get({ ifname: UPLINK });
  route.address.add({ index, address: addresses.v4, prefixlen: 24 });
  route.address.add({ index, address: addresses.v6, prefixlen: 64, flags: ["nodad"] });
}

/** Every call sees the host's directory as /var/lib, so that configurations need not say where files are. */
const BOX = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /var/lib && exec "$@"'] as const;

/** A host without networks. Nothing that is done on it can be seen on the machine. */
export class Host implements Disposable {
  readonly namespace = createNamespace();
  readonly outside = createNamespace();
  private readonly root = mkdtempSync(join(tmpdir(), "flatnet-host-"));
  private readonly containers = new Map<string, Namespace>();
  private made = 0;

  /** @param plugins the directory of the plugins that its networks are made of */
  constructor(readonly plugins = ourPlugins()) {
    {
      using route = openRoute({ namespace: this.namespace });
      const peer = { ifname: UPLINK, netNsFd: this.outside.fd };
      route.link.create({ ifname: UPLINK, linkinfo: { kind: "veth", data: { peer } } });
    }
    setUp(this.namespace, hostAddress);
    setUp(this.outside, outsideAddress);
  }

  /** A network of one plugin, or of a list of them as a conflist has it. */
  network(configuration: Configuration): Network {
    return new Network(this, configuration);
  }

  /** The namespace of a new container, under a name that no other had before. */
  container(): Namespace {
    using namespace = createNamespace();
    const path = this.file(`../${basename(this.lib)}.netns/${++this.made}`);
    nameNamespace(namespace, path);
    const named = openNamespace(path);
    this.containers.set(path, named);
    return named;
  }

  /** Ends a container's namespace: its name is gone at once, its links some milliseconds later. */
  end({ path }: Namespace): void {
    this.containers.get(path)?.close();
    this.containers.delete(path);
    removeNamespaceName(path);
  }

  /** Runs a program on the host with /var/lib of its own and nothing but `variables` in its environment. */
  run(program: readonly string[], variables: Readonly<Record<string, string>>, stdin = ""): Ending {
    const { exitCode, stdout, stderr } = inside(this.namespace, () =>
      Bun.spawnSync([...BOX.slice(0, -1), BOX.at(-1)!, this.lib, ...program], {
        env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...variables },
        stdin: new TextEncoder().encode(stdin),
        stderr: "pipe",
      }),
    );
    return { exit: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
  }

  /** The path of a file of the host's /var/lib. */
  file(path: string): string {
    return join(this.lib, path);
  }

  /** The addresses that a network has leased, by the names of their files. */
  leases(network: string): string[] {
    const directory = this.file(`cni/networks/${network}`);
    if (!existsSync(directory)) return [];
    return readdirSync(directory).filter((name) => /^[\da-f.:]+$/.test(name)).sort();
  }

  /** All files of the host's /var/lib with their texts. */
  files(): Record<string, string> {
    const entries = readdirSync(this.lib, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const paths = entries.map(({ parentPath, name }) => join(parentPath, name)).sort();
    return Object.fromEntries(paths.map((path) => [path.slice(this.lib.length + 1), readFileSync(path, "utf8")]));
  }

  [Symbol.dispose](): void {
    for (const namespace of [this.namespace, this.outside, ...this.containers]) namespace.close();
    rmSync(this.lib, { recursive: true, force: true });
  }
}
