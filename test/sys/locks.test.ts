import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { withLock } from "../../src/sys/locks.ts";
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
