/** Which functions of the program take the time, sampled over many calls. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { pluginNames } from "../../src/names.ts";

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const folder = "/run/samples";

/** Samples every 0.1 ms, which makes a call about half as long again. */
const sampling = `--cpu-prof --cpu-prof-dir=${folder} --cpu-prof-interval=100`;

/** The program, with its arguments, that starts a plugin and samples it. */
export const sampler = ["env", `BUN_OPTIONS=${sampling}`];

/** The executable as `npm run build` makes it, but with the functions' names. @returns the folder of the plugins */
export function buildWithNames(): string {
  const directory = "/run/plugins";
  mkdirSync(directory);
  const flags = ["--compile", "--bytecode", "--format=esm", "--splitting", "--minify-syntax"];
  const build = [process.execPath, "build", main, ...flags, `--outfile=${directory}/flatnet`];
  const built = Bun.spawnSync(build);
  if (built.exitCode !== 0) throw new Error(`the build failed: ${built.stdout}${built.stderr}`);
  for (const name of pluginNames.filter((name) => name !== "flatnet"))
    symlinkSync("flatnet", `${directory}/${name}`);
  return directory;
}

/** What is read here of the profiles that V8 and JavaScriptCore write. */
interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  /** Microseconds. */
  readonly timeDeltas: readonly number[];
}

/** @returns the functions by the time that passed in them and in what they called, in milliseconds a call */
export function functions(): string {
  const own = new Map<string, number>();
  const whole = new Map<string, number>();
  const files = readdirSync(folder);
  for (const file of files) addProfile(JSON.parse(readFileSync(`${folder}/${file}`, "utf8")), own, whole);
  const inCall = (sum = 0) => (sum / 1000 / files.length).toFixed(2).padStart(7);
  const most = [...whole].sort(([, a], [, b]) => b - a).slice(0, 70);
  return [
    "  whole     own",
    ...most.map(([name, sum]) => `${inCall(sum)} ${inCall(own.get(name))}  ${name}`),
  ].join("\n");
}

function addProfile(profile: Profile, own: Map<string, number>, whole: Map<string, number>): void {
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const callers = new Map(
    profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])),
  );
  const add = (to: Map<string, number>, name: string, time: number) =>
    to.set(name, (to.get(name) ?? 0) + time);
  for (const [index, sample] of profile.samples.entries()) {
    const time = profile.timeDeltas[index]!;
    const stack = new Set<string>();
    for (let id: number | undefined = sample; id !== undefined; id = callers.get(id))
      stack.add(names.get(id)!);
    add(own, names.get(sample)!, time);
    for (const name of stack) add(whole, name, time);
  }
}

function nameOf({ functionName, url, lineNumber }: Profile["nodes"][number]["callFrame"]): string {
  return `${functionName || "(anonymous)"} ${url.slice(url.lastIndexOf("/") + 1)}:${lineNumber}`;
}
