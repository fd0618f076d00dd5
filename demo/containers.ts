/**
 * The demo in namespaces of its own: what a runtime does for three containers, with what they then reach. Started by
 * demo.ts in private namespaces, with the directory of the plugins and the demo's options as arguments.
 */
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { openRoute } from "../netlink/route/index.ts";
import { hostAddress, makeWorld, outsideAddress, Sandbox } from "./network.ts";
import { type Attachment, type Result, Runtime } from "./runtime.ts";
import { CONTAINER_PORT, type Container, HOST_PORT, type Name, names, wishes } from "./scene.ts";
import { stateOf } from "./state.ts";
import { showNetwork, showStates, showTimes } from "./story.ts";
import { lineWidth, pad, paint, Report } from "./terminal.ts";
import { annotated, conversation, lengthOf } from "./transcript.ts";

const [plugins = "", ...options] = process.argv.slice(2);
const conflist = join(import.meta.dir, "../fixtures/flatnet.conflist");

const report = new Report();

/** What a runtime passes on of a container's wishes, by the names of the capabilities. */
const capabilities: Readonly<Record<Name, object>> = {
  web: { portMappings: [{ hostPort: HOST_PORT, containerPort: CONTAINER_PORT, protocol: "tcp" }] },
  db: { ips: [wishes.db.ip] },
  cache: { mac: wishes.cache.mac },
};

/** A container with its attachment. */
class Running {
  readonly sandbox: Sandbox;
  readonly attachment: Attachment;

  constructor(readonly name: Name) {
    this.sandbox = new Sandbox(name);
    const { netns } = this.sandbox;
    const aliases = { flatnet: [name] };
    this.attachment = {
      containerId: name,
      netns,
      ifname: "eth0",
      wishes: { ...capabilities[name], aliases },
    };
  }

  describe({ interfaces, ips }: Result): Container {
    const { name } = this;
    const mac = interfaces.find(({ sandbox }) => sandbox === this.sandbox.netns)?.mac ?? "";
    const address = ips[0]?.address ?? "";
    return { name, id: name, address, mac, wish: wishes[name].words, place: this.sandbox.place };
  }
}

/** A path as a person would write it here. */
function shown(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith("..") ? path : fromHere;
}

/** Whether root is root of the machine: all its users are users here. */
const isMachinesRoot = (): boolean =>
  /^\s*0\s+0\s+4294967295$/m.test(readFileSync("/proc/self/uid_map", "utf8"));

function introduction({ network }: Runtime): void {
  const types = network.plugins.map(({ type }) => type).join(", ");
  const lines = [
    ["network", `${shown(conflist)}: "${network.name}", CNI ${network.cniVersion}, ${types}`],
    ["plugins", shown(plugins)],
    ["user", isMachinesRoot() ? "root" : "root of a user namespace"],
    ["where", "network and mount namespaces of the demo's own, with no program but the plugins"],
  ] as const;
  report.lines(lines.map(([name, text]) => `${paint("dim", pad(name, 8))} ${text}`));
}

/** What CHECK finds wrong with a container's attachment. */
function fault(runtime: Runtime, { attachment }: Running): string | undefined {
  try {
    runtime.check(attachment);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** What CHECK says while a container lacks its default route. */
function faultWithoutRoute(runtime: Runtime, container: Running): string | undefined {
  using route = openRoute({ namespace: container.sandbox.place.namespace });
  const lost = route.route.list({ family: "inet" }).find(({ dst }) => dst === undefined)!;
  route.route.delete(lost);
  const said = fault(runtime, container);
  route.route.add(lost);
  return said;
}

function checks(runtime: Runtime, running: readonly Running[]): void {
  report.heading("CHECK");
  for (const container of running) {
    const said = fault(runtime, container);
    report.lines([`${report.mark(said === undefined)} ${container.name}: ${said ?? "as its ADD left it"}`]);
  }
  const last = running.at(-1)!;
  const said = faultWithoutRoute(runtime, last);
  report.lines([`${report.mark(said !== undefined)} ${last.name}, while its default route is taken away:`]);
  report.lines(
    Bun.wrapAnsi(said ?? "nothing", lineWidth - 4)
      .split("\n")
      .map((line) => `    ${line}`),
  );
}

/** One container is attached again, with `--trace`. */
function trace(runtime: Runtime, { attachment, name }: Running): void {
  report.heading(`The netlink of one ADD: flatnet --trace, for ${name} again`);
  runtime.delete(attachment);
  runtime.add(attachment, ["--trace"]);
  const text = runtime.calls.at(-1)!.stderr;
  if (options.includes("--trace")) {
    report.lines(text.trimEnd().split("\n"));
    return;
  }
  report.lines(conversation(text));
  report.lines(["", "One of these with its bytes:", ""]);
  report.lines(annotated(text, '"veth"'));
  report.lines([""]);
  report.note(`All ${lengthOf(text)} lines of it, answers too: npm run demo -- --trace`);
}

function times(runtime: Runtime): void {
  report.heading("Time of each call, from the start of the process to its end");
  const first = (name: string, command: string): number =>
    runtime.calls.find((call) => call.containerId === name && call.command === command)?.milliseconds ?? 0;
  const commands = ["ADD", "CHECK", "DEL"];
  showTimes(
    report,
    commands,
    names.map((name) => [name, ...commands.map((command) => first(name, command))]),
  );
  report.lines([""]);
  report.note("The first ADD makes the bridge and the firewall's table as well.");
}

async function demo(): Promise<void> {
  const runtime = new Runtime(conflist, plugins);
  const { host, outside } = makeWorld();
  introduction(runtime);
  const state = () => stateOf(runtime.network.name);
  const before = state();
  const running = names.map((name) => new Running(name));
  const containers = running.map((each) => each.describe(runtime.add(each.attachment)));
  const attached = state();
  const scene = { host, outside, hostAddress, outsideAddress, containers, state: attached };
  await showNetwork(report, scene);
  checks(runtime, running);
  trace(runtime, running.at(-1)!);
  report.heading("DEL, and what is left");
  for (const { attachment } of running) runtime.delete(attachment);
  showStates(report, before, attached, state());
  for (const { sandbox } of running) sandbox.end();
  times(runtime);
  report.close();
}

try {
  await demo();
} catch (error) {
  report.lines(["", `${report.mark(false)} ${error instanceof Error ? error.message : error}`]);
  report.close();
}
process.exit(report.exitCode);
