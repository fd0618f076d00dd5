/**
 * The demo with real containers: Podman with the CNI backend, on a machine in a box with directories of its own. Started
 * by demo.ts with the directory of the plugins as argument. Needs root and the programs below.
 */
import { join } from "node:path";
import { hostAddress, outsideAddress } from "../test/runtimes/machine.ts";
import { type PodmanHost, podmanHost } from "../test/runtimes/podman.ts";
import { ask, inside, onHost, outside, type Place as Shell, tcpServer } from "../test/runtimes/talk.ts";
import type { Place } from "./place.ts";
import { type Container, HOST_PORT, type Name, names, OUTSIDE_PORT, wishes } from "./scene.ts";
import type { State } from "./state.ts";
import { showNetwork, showStates, showTimes } from "./story.ts";
import { paint, Report } from "./terminal.ts";

const [plugins = ""] = process.argv.slice(2);
const programs = ["podman", "crun", "busybox", "ip", "unshare", "nsenter"];
const conflist = join(import.meta.dir, "../fixtures/flatnet.conflist");

const report = new Report();

/** Options of `podman run` for what is asked for. */
const options: Readonly<Record<Name, readonly string[]>> = {
  web: ["--publish", `${HOST_PORT}:80`],
  db: ["--ip", wishes.db.ip],
  cache: ["--mac-address", wishes.cache.mac],
};

/** Somewhere on the machine from where netcat asks. */
const place = (name: string, shell: Shell): Place => ({
  name,
  async ask(address, port) {
    const [name, asker] = ask(shell, address, port).split(" ");
    return name ? { name, ...(asker && { asker }) } : undefined;
  },
});

/** The neighbour outside answers with its name, and with whom it takes the asker for. */
function serveOutside(host: PodmanHost): void {
  const server = `Bun.listen({ hostname: "0.0.0.0", port: ${OUTSIDE_PORT}, socket: {
    open: (asker) => void asker.end("outside " + asker.remoteAddress), data() {},
  }})`;
  host.machine.outside("sh", "-c", '"$0" --eval "$1" >/dev/null 2>&1 &', process.execPath, server);
}

/** The state of the machine, whose namespaces this process is not in. */
function stateOf(host: PodmanHost): State {
  const program = join(import.meta.dir, "state.ts");
  const { exitCode, stdout, stderr } = host.machine.command(process.execPath, program, host.network);
  if (exitCode !== 0) throw new Error(`the state of the machine cannot be read: ${stderr}`);
  return JSON.parse(stdout);
}

/** How long `act` takes. */
function timed(act: () => void): number {
  const start = performance.now();
  act();
  return performance.now() - start;
}

function describe(host: PodmanHost, name: Name): Container {
  const { id, address, mac } = host.inspect(name);
  const wish = wishes[name].words;
  return { name, id, address, mac, wish, place: place(name, inside(host, name)) };
}

async function demo(host: PodmanHost): Promise<void> {
  const version = host.mustPodman("--version").trim();
  report.lines([`${paint("dim", "runtime ")} ${version}, network "${host.network}"`]);
  serveOutside(host);
  const before = stateOf(host);
  const started = names.map((name) => timed(() => void host.run(name, options[name], tcpServer)));
  const attached = stateOf(host);
  await showNetwork(report, {
    host: place("the host", onHost(host)),
    outside: place("outside", outside(host)),
    hostAddress,
    outsideAddress,
    containers: names.map((name) => describe(host, name)),
    state: attached,
  });
  const removed = names.map((name) => timed(() => host.rm(name)));
  report.heading("podman rm, and what is left");
  showStates(report, before, attached, stateOf(host));
  report.heading("Time of Podman's commands, of which the network is a small part");
  showTimes(
    report,
    ["run", "rm"],
    names.map((name, index) => [name, started[index]!, removed[index]!]),
  );
}

function missing(): string[] {
  const absent = programs.filter((program) => Bun.which(program) === null);
  return process.getuid?.() === 0 ? absent : ["root", ...absent];
}

const lacking = missing();
if (lacking.length > 0) {
  console.error(
    `npm run demo -- --podman needs root and ${programs.join(", ")}; missing: ${lacking.join(", ")}`,
  );
  process.exit(1);
}
const host = await podmanHost({ pluginDirectory: plugins, conflist: await Bun.file(conflist).json() });
try {
  await demo(host);
} catch (error) {
  report.lines(["", `${report.mark(false)} ${error instanceof Error ? error.message : error}`]);
} finally {
  await host.dispose();
}
report.close();
process.exit(report.exitCode);
