/** Attached and removed again thousands of times: nothing grows, neither on the host nor in the process that does it. */
import { expect } from "bun:test";
import { openTargets } from "../descriptors.ts";
import { type Between, callHere } from "../failures/here.ts";
import { wholeState } from "../failures/traces.ts";
import type { Command, PluginConfig } from "../plugins/call.ts";
import { Host } from "../plugins/host.ts";
import { program, ruleset } from "../plugins/kernel.ts";
import { amount } from "./full.ts";
import { eachList } from "./lists.ts";
import type { Container } from "./runtime.ts";

const CYCLES = amount({ some: 50, all: 5000 });
/** What is shared is made by the first. */
const FIRST = 3;

const untouched: Between = (socket) => socket;

/** One command of one plugin in this process. @returns what it printed */
function succeed(host: Host, command: Command, config: PluginConfig, { netns }: Container): string {
  const { exit, stdout, stderr } = callHere(host, command, { config, netns }, untouched);
  if (exit !== 0) throw new Error(`${command} of ${config.type} ended with ${exit}: ${stdout}${stderr}`);
  return stdout;
}

function cycle(host: Host, container: Container): void {
  let prevResult: unknown;
  const withResult = (config: PluginConfig) => ({
    ...config,
    ...(prevResult !== undefined && { prevResult }),
  });
  for (const config of container.plugins)
    prevResult = JSON.parse(succeed(host, "ADD", withResult(config), container));
  for (const config of container.plugins.toReversed()) succeed(host, "DEL", withResult(config), container);
}

/** A number that has stayed the same for a while: a worker of the kernel closes sockets some milliseconds later. */
function lasting(count: () => number): number {
  let [found, times] = [count(), 0];
  while (times < 10) {
    Bun.sleepSync(20);
    const now = count();
    times = now === found ? times + 1 : 0;
    found = now;
  }
  return found;
}

/** What the process has open that calls have opened: namespaces, files of the host, netlink sockets. */
function descriptors(host: Host) {
  const targets = openTargets();
  return {
    namespaces: targets.filter((target) => target.startsWith("net:")).length,
    files: targets.filter((target) => target.startsWith(host.file(""))),
    sockets: lasting(() => program(host.namespace, "cat", "/proc/net/netlink").split("\n").length),
  };
}

/** All that could grow. Elements of lists that the kernel keeps in no order are put in one. */
function everything(host: Host, { netns }: Container) {
  // Whether a bridge without ports has a carrier is a matter of when one looks.
  const lines = (text: string) => text.replaceAll(" linkdown", "").trim().split("\n").sort();
  return {
    state: wholeState(host, netns),
    routes: lines(program(host.namespace, "ip", "route", "show", "table", "all")),
    rules: lines(program(host.namespace, "ip", "rule", "show")),
    firewall: lines(ruleset(host.namespace)),
    files: Object.keys(host.files()),
    descriptors: descriptors(host),
  };
}

eachList(["program:ip", "program:nft"], (live, list) => {
  live.test(
    `${list.name}: after many cycles there is as much as after the first ones`,
    () => {
      using host = new Host();
      list.prepare?.(host);
      const container = { plugins: list.plugins(host), netns: host.container() };
      for (let nth = 0; nth < FIRST; nth++) cycle(host, container);
      const before = everything(host, container);
      for (let nth = FIRST; nth < CYCLES; nth++) cycle(host, container);
      expect(everything(host, container)).toEqual(before);
    },
    3_600_000,
  );
});
