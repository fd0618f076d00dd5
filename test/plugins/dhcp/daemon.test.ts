/** The daemon as a process: how it is started and ended, who may talk to it, and what it says to others than its plugin. */
import { expect } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { inside } from "../../../netlink/socket/namespace.ts";
import { listenUnix } from "../../../src/sys/unix-socket.ts";
import { needs } from "../../needs.ts";
import { errorOf } from "../call.ts";
import { goPlugins } from "../executable.ts";
import { until, World } from "./world.ts";

const live = needs("namespaces", "program:dnsmasq");
const withGo = needs("namespaces", `file:${goPlugins}/dhcp`);

/** What comes back for some bytes, until the other end closes. */
function exchange(socket: string, bytes: string | Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const connection = connect(socket, () => connection.write(bytes));
    connection.on("data", (part) => (answer += part.toString()));
    connection.on("close", () => resolve(answer));
    connection.on("error", reject);
  });
}

live.describe("dhcp daemon", () => {
  live.test.each(["SIGTERM", "SIGINT"] as const)(
    "ends at %s and takes socket and pidfile away",
    async (signal) => {
      using world = new World();
      const pidfile = join(world.directory, "daemon.pid");
      const daemon = await world.daemon("-pidfile", pidfile);
      expect(readFileSync(pidfile, "utf8").trim()).toBe(String(daemon.child.pid));
      expect(existsSync(world.socket)).toBe(true);
      expect(await daemon.end(signal)).toBe(0);
      expect([existsSync(world.socket), existsSync(pidfile)]).toEqual([false, false]);
    },
  );

  live.test("takes the place of one that was killed", async () => {
    using world = new World();
    const first = await world.daemon();
    await first.end("SIGKILL");
    expect(existsSync(world.socket)).toBe(true);
    await world.daemon();
    expect(world.call("STATUS", "", world.container()).exit).toBe(0);
  });

  live.test("does not start beside another one", async () => {
    using world = new World();
    await world.daemon();
    const second = world.daemonWith({});
    expect(await second.child.exited).toBe(1);
    await second.says("another one listens at");
    expect(world.call("STATUS", "", world.container()).exit).toBe(0);
  });

  live.test("does not take over the leases of one whose socket was removed", async () => {
    using world = new World();
    await world.daemon();
    await Bun.file(world.socket).delete();
    const second = world.daemonWith({});
    expect(await second.child.exited).toBe(1);
    await second.says("another one keeps");
  });

  live.test("uses the socket of systemd, and leaves it there", async () => {
    using world = new World();
    mkdirSync(join(world.directory, "run"));
    using listener = listenUnix(world.socket);
    // As systemd does: the process that becomes the daemon has the socket as descriptor 3, and its own number in LISTEN_PID.
    const start = 'exec 3<&0; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" daemon -socketpath /not/used </dev/null';
    const child = inside(world.host.namespace, () =>
      Bun.spawn(["sh", "-c", start, `${world.host.plugins}/dhcp`], {
        stdio: [listener.fd, "ignore", "pipe"],
        env: { PATH: "/usr/bin:/bin" },
      }),
    );
    try {
      await until(() => world.call("STATUS", "", world.container()).exit === 0, "the daemon");
      child.kill("SIGTERM");
      expect(await child.exited).toBe(0);
      expect(existsSync(world.socket)).toBe(true);
    } finally {
      child.kill("SIGKILL");
    }
  });

  live.test("takes one socket of systemd, not two", async () => {
    using world = new World();
    const start = 'LISTEN_PID=$$ LISTEN_FDS=2 exec "$0" daemon';
    const child = Bun.spawn(["sh", "-c", start, `${world.host.plugins}/dhcp`], { stderr: "pipe" });
    expect(await child.exited).toBe(1);
    expect(await child.stderr.text()).toContain("it left 2; give the socket unit one ListenStream");
  });

  live.test.each<[string[], string]>([
    [["-no-such"], "there is no flag -no-such"],
    [["-timeout", "soon"], '-timeout is "soon"; give a duration such as 10s'],
    [["-timeout"], "-timeout has no value"],
    [["-broadcast=perhaps"], "write true or false"],
    [["-pidfile", "daemon.pid"], "give an absolute path"],
    [["word"], "there is no flag word"],
    [["-socketpath", `/${"x".repeat(200)}`], "it has room for 107 bytes"],
  ])("refuses %j", async (flags, sentence) => {
    using world = new World();
    const daemon = world.daemonWith({}, ...flags);
    expect(await daemon.child.exited).toBe(1);
    await daemon.says(sentence);
  });

  live.test("answers to `flatnet dhcp daemon` as well, and says its flags", () => {
    using world = new World();
    for (const words of [
      ["dhcp", "daemon", "-help"],
      ["flatnet", "dhcp", "daemon", "-help"],
    ]) {
      const [name, ...rest] = words;
      const { exit, stderr } = world.host.run([`${world.host.plugins}/${name}`, ...rest], {});
      expect(exit).toBe(0);
      expect(stderr).toContain("-resendtimeout\n        how long to try for a first lease (default 208s)");
    }
  });

  live.test("reaches namespaces and its socket by a prefix", async () => {
    using world = new World();
    const prefix = "/proc/self/root";
    await world.dnsmasq("10.77.0.50,10.77.0.50");
    const daemon = world.daemonWith({}, "-hostprefix", prefix, "-socketpath", world.socket);
    await daemon.says(`listening at ${prefix}${world.socket}`);
    const container = world.container();
    expect(world.call("ADD", "web", container).exit).toBe(0);
    await daemon.end("SIGKILL");
    expect(world.call("DEL", "web", container).stderr).toBe("");
    await until(() => world.leasesOfServer().length === 0, "the server to know");
  });

  live.test("finds namespaces below a prefix", async () => {
    using world = new World();
    const prefix = join(world.directory, "host");
    mkdirSync(join(prefix, "run"), { recursive: true });
    await world.dnsmasq("10.77.0.50,10.77.0.50");
    const daemon = world.daemonWith({}, "-hostprefix", prefix, "-socketpath", "/run/dhcp.sock");
    await daemon.says(`listening at ${prefix}/run/dhcp.sock`);
    const config = world.config({ daemonSocketPath: `${prefix}/run/dhcp.sock` });
    const error = errorOf(world.call("ADD", "web", world.container(), config));
    expect(error.msg).toContain(`there is no namespace at ${prefix}/tmp/`);
  });

  live.test.each<[string, string | Uint8Array, string]>([
    ["no JSON", "hello\n", "it is not JSON"],
    [
      "another version",
      '{"flatnetDhcp":2,"command":"status"}\n',
      "it speaks version 2, this program speaks 1",
    ],
    ["no version", "[]\n", "it speaks version ?"],
    ["nothing", "null\n", "it speaks version ?"],
    ["no command", '{"flatnetDhcp":1}\n', "command"],
    ["an unknown command", '{"flatnetDhcp":1,"command":"dance"}\n', "command"],
    ["no owner", '{"flatnetDhcp":1,"command":"release"}\n', "its question has no owner"],
    [
      "no wishes",
      '{"flatnetDhcp":1,"command":"allocate","netns":"/x","owner":{"network":"n","containerId":"c","ifname":"e"}}\n',
      "its question has no wishes",
    ],
    ["bytes that are no text", Uint8Array.of(255, 254, 10), "it is not JSON"],
  ])("answers a caller who says %s with an error, and lives on", async (_, bytes, sentence) => {
    using world = new World();
    const daemon = await world.daemon();
    const { error } = JSON.parse(await exchange(world.socket, bytes)) as { error: { msg: string } };
    expect(error.msg).toContain(sentence);
    expect(world.call("STATUS", "", world.container()).exit).toBe(0);
    expect(daemon.text).not.toContain("    at ");
  });

  live.test("does not wait for who says too much without an end", async () => {
    using world = new World();
    await world.daemon();
    const answer = await exchange(world.socket, "x".repeat(2 << 20)).catch((error: Error) => error.message);
    expect(["", "write EPIPE", "read ECONNRESET", "Failed to write"]).toContain(answer);
    expect(world.call("STATUS", "", world.container()).exit).toBe(0);
  });

  live.test.each([
    { network: "../../victim", containerId: "c", ifname: "e" },
    { network: "n", containerId: "../c", ifname: "e" },
    { network: "n", containerId: "c", ifname: "../e" },
  ])("takes no names that lead out of its directory: %j", async (owner) => {
    using world = new World();
    await world.daemon();
    const line = JSON.stringify({ flatnetDhcp: 1, command: "release", owner });
    expect(await exchange(world.socket, `${line}\n`)).toContain("read the configuration: owner.");
  });

  live.test("stops asking when the plugin that waits is killed", async () => {
    using world = new World();
    const daemon = await world.daemon();
    const descriptors = () => readdirSync(`/proc/${daemon.child.pid}/fd`).length;
    const idle = descriptors();
    const [program, variables, stdin] = world.prepared("ADD", "web", world.container());
    const plugin = inside(world.host.namespace, () =>
      Bun.spawn([...program], { env: { ...variables }, stdin: new TextEncoder().encode(stdin) }),
    );
    await until(() => descriptors() > idle + 1, "the daemon to ask");
    plugin.kill("SIGKILL");
    await until(() => descriptors() === idle, "it to stop");
    expect(errorOf(world.call("CHECK", "web", world.container())).msg).toContain("the daemon knows of none");
  });
});

withGo.describe("beside the Go implementation", () => {
  withGo.test("the Go plugin is told whose daemon it talks to", async () => {
    using world = new World();
    await world.daemon();
    const ours = world.host.plugins;
    world.host.plugins = goPlugins;
    const config = world.config({}, "1.0.0");
    const error = errorOf(world.call("ADD", "web", world.container(), config));
    world.host.plugins = ours;
    expect(error.msg).toContain("this is the daemon of flatnet: install the dhcp plugin of flatnet");
  });

  withGo.test("our plugin is told that the daemon is Go's", async () => {
    using world = new World();
    mkdirSync(join(world.directory, "run"));
    const child = Bun.spawn([`${goPlugins}/dhcp`, "daemon", "-socketpath", world.socket], {
      stdio: ["ignore", "ignore", "ignore"],
    });
    try {
      await until(() => existsSync(world.socket), "the Go daemon");
      const error = errorOf(world.call("ADD", "web", world.container()));
      expect(error.msg).toContain(
        "it is the daemon of the Go plugin; stop it and start this one: flatnet dhcp daemon",
      );
    } finally {
      child.kill("SIGKILL");
    }
  });
});
