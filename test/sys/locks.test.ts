import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { SharedLock, withLock } from "../../src/sys/locks.ts";
import { needs } from "../needs.ts";
import { program, scratch } from "./scratch.ts";

const at = scratch();
const until = (condition: () => boolean) => {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error("waited 10 s in vain");
    Bun.sleepSync(2);
  }
};

/** A process that holds the lock until it is killed. */
function holder(path: string) {
  const ready = `${path}.held`;
  return {
    process: Bun.spawn(
      program(`
        import { withLock } from "SRC/sys/locks.ts";
        import { writeFileSync } from "node:fs";
        withLock("${path}", 0o750, () => { writeFileSync("${ready}", ""); Bun.sleepSync(20_000); });
      `),
      { stderr: "inherit" },
    ),
    wait: () => until(() => existsSync(ready)),
  };
}

describe("a lock", () => {
  test("gives what the action gives, and is free again after it or after its error", () => {
    expect(withLock(at("lock"), 0o750, () => 42)).toBe(42);
    expect(() =>
      withLock(at("lock"), 0o750, () => {
        throw new Error("inside");
      }),
    ).toThrow("inside");
    expect(withLock(at("lock"), 0o750, () => 43, 0)).toBe(43);
    expect(statSync(at("lock")).mode & 0o777).toBe(0o750);
    expect(readFileSync(at("lock"), "utf8")).toBe("");
  });
  test("does not change a file that was there", () => {
    writeFileSync(at("old"), "", { mode: 0o600 });
    withLock(at("old"), 0o750, () => undefined);
    expect(statSync(at("old")).mode & 0o777).toBe(0o600);
  });
  test("waits in vain for a holder that hangs, and names it", async () => {
    const other = holder(at("hung"));
    try {
      other.wait();
      expect(() => withLock(at("hung"), 0o750, () => undefined, 50)).toThrow(
        new RegExp(
          `wait for the lock ${at("hung")}: process ${other.process.pid} \\(.+\\) holds it .*ETIMEDOUT`,
        ),
      );
    } finally {
      other.process.kill("SIGKILL");
      await other.process.exited;
    }
  });
  test("is free at once when its holder is killed", async () => {
    const other = holder(at("killed"));
    other.wait();
    other.process.kill("SIGKILL");
    await other.process.exited;
    expect(withLock(at("killed"), 0o750, () => "mine", 0)).toBe("mine");
  });
  needs("program:flock").test("excludes and is excluded by the flock program", () => {
    const tryIt = () => Bun.spawnSync(["flock", "--nonblock", at("shared"), "true"]).exitCode;
    expect(withLock(at("shared"), 0o750, tryIt)).toBe(1);
    expect(tryIt()).toBe(0);
  });
  test("lets one in at a time: two processes count together", async () => {
    writeFileSync(at("count"), "0");
    const count = program(`
      import { withLock } from "SRC/sys/locks.ts";
      import { readText, writeText } from "SRC/sys/files.ts";
      for (let i = 0; i < 500; i++)
        withLock("${at("turns")}", 0o750, () => writeText("${at("count")}", String(Number(readText("${at("count")}")) + 1)));
    `);
    const codes = await Promise.all([Bun.spawn(count).exited, Bun.spawn(count).exited]);
    expect(codes).toEqual([0, 0]);
    expect(readFileSync(at("count"), "utf8")).toBe("1000");
  });
});

describe("a shared lock", () => {
  const held = (path: string, kind: "--shared" | "--exclusive"): boolean =>
    Bun.spawnSync(["flock", "--nonblock", kind, path, "true"]).exitCode !== 0;
  const live = needs("program:flock");

  live.test("is had by several at once, of whom the last is alone", () => {
    writeFileSync(at("several"), "");
    using one = new SharedLock(at("several"));
    using other = new SharedLock(at("several"));
    expect([held(at("several"), "--shared"), held(at("several"), "--exclusive")]).toEqual([false, true]);
    expect([one.alone(), other.alone()]).toEqual([false, true]);
  });
  live.test("is kept from others by the one who is alone, until it is disposed of", () => {
    writeFileSync(at("alone"), "");
    {
      using lock = new SharedLock(at("alone"));
      expect([lock.alone(), held(at("alone"), "--shared")]).toEqual([true, true]);
    }
    expect(held(at("alone"), "--exclusive")).toBe(false);
  });
  test("does not keep its holder waiting where somebody has the lock for himself", () => {
    withLock(at("taken"), 0o600, () => {
      const start = performance.now();
      using lock = new SharedLock(at("taken"));
      expect(lock.alone()).toBe(false);
      expect(performance.now() - start).toBeLessThan(1000);
    });
  });
  test("works on a network namespace, which all its processes have in common without a file being made", () => {
    using mine = new SharedLock("/proc/thread-self/ns/net");
    const other = Bun.spawnSync(
      program(`
        import { SharedLock } from "SRC/sys/locks.ts";
        process.exit(new SharedLock("/proc/thread-self/ns/net").alone() ? 1 : 0);
      `),
    );
    expect([other.exitCode, mine[Symbol.dispose]()]).toEqual([0, undefined]);
  });
});
