/** firewalld on a host of a test's own, with a message bus of its own. */
import { mkdirSync, writeFileSync } from "node:fs";
import { inside } from "../../netlink/socket/namespace.ts";
import type { Host } from "./host.ts";

const NAME = "org.fedoraproject.FirewallD1";
const PATH = "/org/fedoraproject/FirewallD1";

/** A bus that lets everybody do everything, and starts nobody. */
const configuration = (socket: string): string => `<!DOCTYPE busconfig PUBLIC
 "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_type="method_return"/>
    <allow send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="signal"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
  </policy>
</busconfig>
`;

/** /run is the program's own. */
const BOX = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs /run && exec "$@"', "box"] as const;

/** A message bus; the plugins and programs of the host speak to it. */
export class MessageBus implements Disposable {
  readonly socket: string;
  private readonly started: Bun.Subprocess[] = [];

  constructor(private readonly host: Host) {
    const directory = host.file("dbus");
    mkdirSync(directory, { recursive: true });
    this.socket = `${directory}/bus`;
    writeFileSync(`${directory}/bus.conf`, configuration(this.socket));
    host.variables = { DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${this.socket}` };
    this.start("dbus-daemon", `--config-file=${directory}/bus.conf`, "--nofork", "--nopidfile");
    this.until(() => this.ask("org.freedesktop.DBus", "/", "org.freedesktop.DBus.GetId").exitCode === 0);
  }

  private start(...command: string[]): void {
    const options = { env: this.environment, stdout: "ignore", stderr: "ignore" } as const;
    this.started.push(inside(this.host.namespace, () => Bun.spawn([...BOX, ...command], options)));
  }

  private get environment() {
    return { PATH: process.env.PATH ?? "", ...this.host.variables };
  }

  private until(isSo: () => boolean): void {
    for (let tries = 0; !isSo(); tries++) {
      if (tries === 200) throw new Error("the message bus, or firewalld, does not come up");
      Bun.sleepSync(50);
    }
  }

  /** `dbus-send`: what another client hears. */
  ask(destination: string, path: string, method: string, ...args: string[]) {
    const command = ["dbus-send", "--system", "--print-reply=literal", `--dest=${destination}`, path, method];
    return Bun.spawnSync([...command, ...args], { env: this.environment, stderr: "pipe" });
  }

  /** Starts firewalld, with what it has without any configuration of the machine's. */
  startFirewalld(): void {
    this.start(
      "firewalld",
      "--nofork",
      "--nopid",
      "--log-target",
      "console",
      "--system-config",
      "/run/firewalld",
    );
    const ready = (): boolean => this.zone("getActiveZones").exitCode === 0;
    this.until(ready);
  }

  /** `firewall-cmd --reload`. */
  reload(): void {
    this.ask(NAME, PATH, `${NAME}.reload`);
    this.until(() => this.zone("getActiveZones").exitCode === 0);
  }

  /** A method of firewalld's interface for zones. */
  zone(method: string, ...texts: string[]) {
    const args = texts.map((text) => `string:${text}`);
    return this.ask(NAME, PATH, `${NAME}.zone.${method}`, ...args);
  }

  /** The sources of a zone. */
  sources(zone = "trusted"): string[] {
    const { stdout } = this.zone("getSources", zone);
    return [...stdout.toString().matchAll(/[0-9a-f.:]+\/\d+/g)].map(([source]) => source).sort();
  }

  [Symbol.dispose](): void {
    for (const process of this.started.reverse()) process.kill("SIGKILL");
  }
}
