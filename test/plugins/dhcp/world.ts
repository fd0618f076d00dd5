/** A host with a bridge to which Debian's DHCP servers listen, and with the daemon, each started and ended by the test. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRoute } from "../../../netlink/route/index.ts";
import { inside, type Namespace } from "../../../netlink/socket/namespace.ts";
import { type Command, type Configuration, callPlugin, type Ending, type PluginConfig } from "../call.ts";
import { goPlugins } from "../executable.ts";
import { Host } from "../host.ts";
import type { Network } from "../network.ts";

/** The bridge, and the address that the servers have on it. */
export const LAN = "lan0";
export const SERVER = "10.77.0.1";

/**
 * A program that the test has started. What it says on stderr goes to a file: nobody reads a pipe while a test waits for a
 * call, and who writes to a full one waits too.
 */
export class Program {
  constructor(
    readonly child: Bun.Subprocess<"ignore", "ignore", Bun.BunFile>,
    private readonly name: string,
    private readonly log: string,
  ) {}

  get text(): string {
    return readFileSync(this.log, "utf8");
  }

  /** Waits until it has said something. */
  async says(what: string, count = 1): Promise<void> {
    await until(
      () => this.text.split(what).length > count,
      `${this.name} to say "${what}"`,
      () => this.text,
    );
  }

  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<number> {
    this.child.kill(signal);
    return await this.child.exited;
  }
}

/** Waits until something is so. @throws Error when it is not after 20 s */
export async function until(holds: () => boolean, what: string, more = (): string => ""): Promise<void> {
  for (const end = performance.now() + 20_000; !holds(); ) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}: ${more()}`);
    await Bun.sleep(20);
  }
}

export class World implements Disposable {
  readonly host = new Host();
  readonly directory = mkdtempSync(join(tmpdir(), "flatnet-dhcp-"));
  readonly socket = join(this.directory, "run/dhcp.sock");
  readonly leases = join(this.directory, "run/dhcp.leases");
  private readonly programs: Program[] = [];

  constructor() {
    using route = openRoute({ namespace: this.host.namespace });
    route.link.create({ ifname: LAN, linkinfo: { kind: "bridge" } });
    const { index } = route.link.get({ ifname: LAN });
    route.address.add({ index, address: SERVER, prefixlen: 24 });
    route.link.set({ index, flags: ["up"], change: ["up"] });
  }

  private start(name: string, command: readonly string[], env: Record<string, string> = {}): Program {
    const log = join(this.directory, `${this.programs.length}.log`);
    writeFileSync(log, "");
    const child = inside(this.host.namespace, () =>
      Bun.spawn([...command], {
        stdio: ["ignore", "ignore", Bun.file(log)],
        env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...env },
      }),
    );
    const program = new Program(child, name, log);
    this.programs.push(program);
    return program;
  }

  /** ISC's server with a pool and an own duration of leases, by default of an hour. */
  async dhcpd(pool: string, seconds = 3600, more = ""): Promise<Program> {
    const [config, leases] = ["dhcpd.conf", "dhcpd.leases"].map((name) => join(this.directory, name));
    const times = `default-lease-time ${seconds}; max-lease-time ${seconds}; min-lease-time ${seconds};`;
    const subnet = `subnet 10.77.0.0 netmask 255.255.255.0 { range ${pool}; option routers ${SERVER}; ${more} }`;
    writeFileSync(config!, `authoritative; ping-check false; ${times}\n${subnet}\n`);
    if (!existsSync(leases!)) writeFileSync(leases!, "");
    const pid = join(this.directory, "dhcpd.pid");
    const command = ["dhcpd", "-4", "-f", "-d", "-cf", config!, "-lf", leases!, "-pf", pid, LAN];
    const server = this.start("dhcpd", command);
    await server.says("Sending on   Socket");
    return server;
  }

  /** dnsmasq, whose leases last for two minutes at least. */
  async dnsmasq(pool: string, ...options: string[]): Promise<Program> {
    const server = this.start("dnsmasq", [
      "dnsmasq",
      // Not `--keep-in-foreground`: this one stays who it is, which in a user namespace is the only one there is.
      "--no-daemon",
      "--conf-file=/dev/null",
      "--port=0",
      `--pid-file=${join(this.directory, "dnsmasq.pid")}`,
      `--interface=${LAN}`,
      "--bind-interfaces",
      "--no-ping",
      "--log-facility=-",
      "--log-dhcp",
      `--dhcp-leasefile=${this.serverLeases}`,
      `--dhcp-range=${pool},2m`,
      ...options,
    ]);
    await server.says("sockets bound exclusively");
    return server;
  }

  private get serverLeases(): string {
    return join(this.directory, "dnsmasq.leases");
  }

  /** The addresses that dnsmasq has given and not got back. */
  leasesOfServer(): string[] {
    return readFileSync(this.serverLeases, "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => line.split(" ")[2]!);
  }

  /** Our daemon. */
  async daemon(...flags: string[]): Promise<Program> {
    const daemon = this.daemonWith({}, ...flags);
    await daemon.says("listening");
    return daemon;
  }

  /** The daemon of the Go plugins. */
  async goDaemon(): Promise<Program> {
    const daemon = this.start("Go's daemon", [`${goPlugins}/dhcp`, "daemon", "-socketpath", this.socket]);
    await until(
      () => existsSync(this.socket),
      "Go's daemon",
      () => daemon.text,
    );
    return daemon;
  }

  /** Our daemon, started by another program. */
  startThrough(starter: readonly string[]): Program {
    const daemon = [`${this.host.plugins}/dhcp`, "daemon", "-socketpath", this.socket];
    return this.start("the daemon", [...starter, ...daemon]);
  }

  async daemonThrough(starter: readonly string[]): Promise<Program> {
    const daemon = this.startThrough(starter);
    await daemon.says("listening");
    return daemon;
  }

  daemonWith(env: Record<string, string>, ...flags: string[]): Program {
    const own = flags.includes("-socketpath") ? [] : ["-socketpath", this.socket];
    return this.start("the daemon", [`${this.host.plugins}/dhcp`, "daemon", ...own, ...flags], env);
  }

  /** A network of the plugin alone: the test makes the links. */
  config(ipam: object = {}, cniVersion = "1.1.0"): PluginConfig {
    const keys = { type: "dhcp", daemonSocketPath: this.socket, ...ipam };
    return { type: "dhcp", cniVersion, name: "net", ipam: keys };
  }

  /** A network of the bridge. */
  network(ipam: object = {}, name = "net"): Network {
    const keys = { type: "dhcp", daemonSocketPath: this.socket, ...ipam };
    const plugins = [{ type: "bridge", bridge: LAN, ipam: keys }];
    return this.host.network({ cniVersion: "1.1.0", name, plugins } as Configuration);
  }

  /** A container that has an interface on the bridge, and no address. */
  container(ifname = "eth0", mac?: string): Namespace {
    const namespace = this.host.container();
    this.plug(namespace, ifname, mac);
    return namespace;
  }

  /** A further interface of a container. */
  plug(namespace: Namespace, ifname: string, address?: string): void {
    using route = openRoute({ namespace: this.host.namespace });
    const port = `p${++this.plugged}`;
    const peer = { ifname, netNsFd: namespace.fd, ...(address !== undefined && { address }) };
    route.link.create({ ifname: port, linkinfo: { kind: "veth", data: { peer } } });
    const { index } = route.link.get({ ifname: LAN });
    route.link.set({ ifname: port, master: index, flags: ["up"], change: ["up"] });
    using inContainer = openRoute({ namespace });
    inContainer.link.set({ ifname, flags: ["up"], change: ["up"] });
  }
  private plugged = 0;

  /** Calls the plugin alone. */
  call(
    command: Command,
    id: string,
    namespace: Namespace,
    config = this.config(),
    more: object = {},
  ): Ending {
    const subject = { containerId: id, ifname: "eth0", netns: namespace.path, ...more };
    return callPlugin(this.host, command, config, command === "GC" || command === "STATUS" ? {} : subject);
  }

  /** The same, for `host.runTogether`. */
  prepared(command: Command, id: string, { path }: Namespace): Parameters<Host["run"]> {
    const { plugins } = this.host;
    const variables = {
      CNI_COMMAND: command,
      CNI_CONTAINERID: id,
      CNI_IFNAME: "eth0",
      CNI_NETNS: path,
      CNI_PATH: plugins,
    };
    return [[`${plugins}/dhcp`], variables, JSON.stringify(this.config())];
  }

  /** The IPv4 addresses of a container's interface. */
  addresses(namespace: Namespace, ifname = "eth0"): string[] {
    using route = openRoute({ namespace });
    const { index } = route.link.get({ ifname });
    return route.address
      .list({ index, family: "inet" })
      .map(({ local, prefixlen }) => `${local}/${prefixlen}`);
  }

  [Symbol.dispose](): void {
    for (const { child } of this.programs) child.kill("SIGKILL");
    this.host[Symbol.dispose]();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
