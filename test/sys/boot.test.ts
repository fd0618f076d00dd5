/** Telling files of an earlier boot from those of this one, whatever was done to the clock. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { earlierBoot } from "../../src/sys/boot.ts";
import { lastChange } from "../../src/sys/directories.ts";
import { needs } from "../needs.ts";
import { scratch } from "./scratch.ts";

const at = scratch();

const HOUR = 3_600_000;

/** A directory like /run with one file in it, and the moment of that file. */
function run(): { made: string; first: number } {
  const made = mkdtempSync(at("run-"));
  writeFileSync(`${made}/first`, "");
  return { made, first: lastChange(`${made}/first`)!.at };
}

describe("the last change of a file", () => {
  test("is the later one of what stat calls mtime and ctime", () => {
    writeFileSync(at("file"), "");
    expect(lastChange(at("file"))!.at).toBeCloseTo(statSync(at("file")).ctimeMs, 2);
    utimesSync(at("file"), new Date(), new Date("2040-01-01"));
    expect(lastChange(at("file"))!.at).toBe(Date.UTC(2040));
  });
  test("cannot be set back by touch, cp -a or rsync", () => {
    const before = Date.now();
    writeFileSync(at("restored"), "");
    utimesSync(at("restored"), new Date("2020-01-01"), new Date("2020-01-01"));
    expect(lastChange(at("restored"))!.at).toBeGreaterThan(before - 50);
  });
  test("is that of a link itself, and of nothing there is none", () => {
    symlinkSync("/nowhere", at("link"));
    expect(lastChange(at("link"))!.at).toBeGreaterThan(Date.now() - HOUR);
    expect(lastChange(at("nothing"))).toBeUndefined();
  });
});

describe("a time is of an earlier boot", () => {
  test("when it comes before the start of the machine and before all that the boot has made", () => {
    const { made, first } = run();
    const isEarlier = earlierBoot({ now: first + HOUR, uptime: HOUR, made });
    expect([first - 2 * HOUR, first - HOUR, first - 100].map(isEarlier)).toEqual([true, true, true]);
    expect([first - 10, first, first + HOUR].map(isEarlier)).toEqual([false, false, false]);
  });
  test("not when the clock was set forward since: no battery, or a snapshot that was gone on from", () => {
    const { made, first } = run();
    const year = 365 * 24 * HOUR;
    const isEarlier = earlierBoot({ now: first + HOUR + year, uptime: HOUR, made });
    expect([first, first + HOUR, first + year].map(isEarlier)).toEqual([false, false, false]);
    expect(isEarlier(first - 100)).toBe(true);
  });
  test("not when the clock was set back since, and the lease was written after it", () => {
    const { made, first } = run();
    const isEarlier = earlierBoot({ now: first + HOUR - 8 * HOUR, uptime: HOUR, made });
    expect([first - 8 * HOUR, first - 7 * HOUR, first].map(isEarlier)).toEqual([false, false, false]);
    expect(isEarlier(first - 9 * HOUR)).toBe(true);
  });
  test("not when it lies in the future", () => {
    const { made, first } = run();
    expect(earlierBoot({ now: first + HOUR, uptime: HOUR, made })(first + 2 * HOUR)).toBe(false);
  });
  test("not when no clock was set then", () => {
    const { made, first } = run();
    const isEarlier = earlierBoot({ now: first + HOUR, uptime: HOUR, made });
    expect([0, Date.UTC(1980), Date.UTC(2000)].map(isEarlier)).toEqual([false, false, false]);
  });
  test("never where nothing is known of the boot", () => {
    const made = mkdtempSync(at("run-"));
    const now = Date.now();
    expect(earlierBoot({ now, uptime: HOUR, made })(now - 2 * HOUR)).toBe(false);
  });
  test("never where the time since the start cannot be read", () => {
    const { made, first } = run();
    expect(earlierBoot({ now: first + HOUR, uptime: Number.NaN, made })(first - 2 * HOUR)).toBe(false);
  });
  test("by what is in the directory itself, links as they are", () => {
    const { made, first } = run();
    mkdirSync(`${made}/folder`);
    symlinkSync("/proc/version", `${made}/link`);
    expect(earlierBoot({ now: first + HOUR, uptime: HOUR, made })(first - 100)).toBe(true);
  });
});

test("of this boot is what was written now, by the machine's own clock", () => {
  writeFileSync(at("now"), "");
  expect(earlierBoot()(lastChange(at("now"))!.at)).toBe(false);
});

needs("namespaces", "program:unshare").test("what is mounted below is not asked: it may be older", () => {
  const made = mkdtempSync(at("run-"));
  const code = `
    import { earlierBoot } from "${import.meta.dir}/../../src/sys/boot.ts";
    import { lastChange } from "${import.meta.dir}/../../src/sys/directories.ts";
    const first = lastChange("${made}/first").at;
    const asked = [first - 100, first].map(earlierBoot({ now: first + 5000, uptime: 5000, made: "${made}" }));
    console.log(JSON.stringify(asked));
  `;
  const older = 'mkdir "$0.older" && mount -t tmpfs none "$0.older" && sleep 0.3';
  const mounted =
    'touch "$0/first" && mkdir "$0/mounted" && mount --bind "$0.older" "$0/mounted" && exec "$@"';
  const shell = ["sh", "-c", `${older} && ${mounted}`, made];
  const child = Bun.spawnSync(["unshare", "--mount", ...shell, process.execPath, "-e", code]);
  expect(child.stdout.toString() || child.stderr.toString()).toBe("[true,false]\n");
});
