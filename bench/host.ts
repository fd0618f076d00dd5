/** A host with containers: a network namespace for it, one for each container, and one side's plugins to join them. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { openRoute } from "../netlink/route/index.ts";
import { createNamespace, inside } from "../netlink/socket/namespace.ts";
import { nameNamespace } from "../netlink/socket/namespace-name.ts";
import type { Time } from "./harness.ts";
import type { MakeNetwork, Network } from "./networks.ts";
import type { Side } from "./sides.ts";

/** A published port, as runtimes pass it in `runtimeConfig`. */
export interface PortMapping {
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: "tcp";
}

export interface Container {
  readonly id: string;
  /** Path of its network namespace: CNI_NETNS. */
  readonly namespace: string;
  readonly ports: readonly PortMapping[];
}

/** A process that came to its end. */
export interface Finished {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** From the start of the process until it has ended and its output is read; and of all that it started. */
  readonly time: Time;
}

const solicitations = "/proc/sys/net/ipv6/conf/default/router_solicitations";

let hosts = 0;

export class Host {
  private readonly namespace = createNamespace();
  private readonly name = `host${++hosts}`;
  /** In memory, so that no disk is measured. */
  private readonly leases = `/run/${this.name}/leases`;
  private containers = 0;
  private nextPort = 10_000;

  constructor(readonly side: Side) {
    mkdirSync(this.leases, { recursive: true });
  }

  /** The side's network of that kind, with leases of this host's own, and with the link that it needs. */
  network(make: MakeNetwork): Network {
    const network = make(this.leases, this.side);
    if (network.device !== undefined) this.ensureLink(network.device);
    return network;
  }

  private ensureLink(ifname: string): void {
    using route = openRoute({ namespace: this.namespace });
    if (route.link.find({ ifname }) === undefined)
      route.link.create({ ifname, flags: ["up"], linkinfo: { kind: "veth" } });
  }

  /** A container that nothing is attached to yet, for which `ports` ports of the host are set aside. */
  container(ports = 0): Container {
    const id = `${this.name}-container${++this.containers}`;
    const path = `/run/netns/${id}`;
    using namespace = createNamespace();
    nameNamespace(namespace, path);
    // A thousand containers made within seconds would ask for routers at the same moments, for minutes, and each
    // question goes to all of them: it is measured what a call takes, not that.
    inside(namespace, () => existsSync(solicitations) && writeFileSync(solicitations, "0"));
    return {
      id,
      namespace: path,
      ports: Array.from({ length: ports }, (_, nth) => this.publish(8080 + nth)),
    };
  }

  /** Runs a program on this host to its end. */
  async run(
    command: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    stdin = "",
  ): Promise<Finished> {
    let start = 0;
    const child = inside(this.namespace, () => {
      start = performance.now();
      return Bun.spawn([...command], {
        env: environment,
        stdin: Buffer.from(stdin),
        stdout: "pipe",
        stderr: "pipe",
      });
    });
    const [stdout, stderr, exitCode] = await Promise.all([
      child.stdout.text(),
      child.stderr.text(),
      child.exited,
    ]);
    const elapsed = performance.now() - start;
    const processor = Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1000;
    return { exitCode, stdout, stderr, time: { elapsed, processor } };
  }

  private publish(containerPort: number): PortMapping {
    return { hostPort: this.nextPort++, containerPort, protocol: "tcp" };
  }
}
