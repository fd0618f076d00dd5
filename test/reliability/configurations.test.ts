/** Configurations spoiled at random: each call ends with a result or with an error object that has words, and leaves nothing. */
import { afterAll, beforeAll, expect } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../../netlink/codec/random.ts";
import { type Json, spoiled } from "../cni/config/samples.ts";
import type { Ending, PrintedError } from "../failures/call.ts";
import { type Between, callHere } from "../failures/here.ts";
import { traces, wholeState } from "../failures/traces.ts";
import type { Command } from "../plugins/call.ts";
import { Host } from "../plugins/host.ts";
import { amount } from "./full.ts";
import { eachList, type List } from "./lists.ts";
import { addAll, delAll, type Scene, scene } from "./runtime.ts";

const ROUNDS = amount({ some: 60, all: 5000 });
const SEED = Number(process.env.FLATNET_SEED ?? Date.now() & 0xffffff);

const untouched: Between = (socket) => socket;

/** Nothing is to be written where the process happens to stand. */
const elsewhere = mkdtempSync(join(tmpdir(), "flatnet-elsewhere-"));
const before = process.cwd();
beforeAll(() => process.chdir(elsewhere));
afterAll(() => {
  process.chdir(before);
  rmSync(elsewhere, { recursive: true });
});

/** A call of the list's last plugin with a configuration that need not be one. */
const callWith = (host: Host, { call }: Scene, command: Command, config: Json): Ending =>
  callHere(host, command, { ...call, plugin: call.config.type, config: JSON.stringify(config) }, untouched);

/** The error object of a call that failed: it has a code and words, and is no defect of ours. */
function errorOf({ stdout, stderr }: Ending): PrintedError {
  const error = JSON.parse(stdout) as PrintedError;
  expect(error).toEqual(
    expect.objectContaining({ code: expect.any(Number), msg: expect.stringMatching(/\w/) }),
  );
  expect(error.msg + stderr).not.toMatch(/internal error|\bat .*\.ts:\d+/);
  return error;
}

/** ADD and CHECK where they work, and DEL, of one spoiled configuration. */
async function round(host: Host, made: Scene, random: Random): Promise<void> {
  const { container, call, result } = made;
  const good = call.config as unknown as Json;
  const config = spoiled(random, random.once(2) ? spoiled(random, good) : good);
  const found = wholeState(host, container.netns);
  const added = callWith(host, made, "ADD", config);
  if (added.exit !== 0) {
    errorOf(added);
    expect(wholeState(host, container.netns)).toEqual(found);
  }
  for (const command of ["CHECK", "DEL", "DEL"] as const) {
    const ending = callWith(host, made, command, config);
    if (ending.exit !== 0) errorOf(ending);
  }
  await delAll(host, { ...container, plugins: container.plugins.slice(-1) }, result);
}

eachList(["program:ip", "program:nft"], (live, list: List) => {
  live.test(
    `${list.name} with spoiled configurations`,
    async () => {
      using host = new Host();
      const made = await scene(host, list, "ADD");
      const found = traces(host, made.container.netns);
      for (let nth = 0; nth < ROUNDS; nth++) {
        try {
          await round(host, made, new Random(SEED + nth));
          expect(traces(host, made.container.netns)).toEqual(found);
          expect(readdirSync(".")).toEqual([]);
        } catch (error) {
          throw new Error(`with FLATNET_SEED=${SEED + nth}`, { cause: error });
        }
      }
      await delAll(host, made.container, made.result);
      await addAll(host, made.container);
    },
    3_600_000,
  );
});
