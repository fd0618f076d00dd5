import { expect, test } from "bun:test";
import { sha512 } from "../../src/sys/hash.ts";
import { randomHex } from "../../src/sys/random.ts";
import { monotonic, sleep } from "../../src/sys/time.ts";
import { needs } from "../needs.ts";

test("random names have the wished length and do not repeat", () => {
  expect(randomHex(8)).toMatch(/^[0-9a-f]{16}$/);
  expect(new Set(Array.from({ length: 1000 }, () => randomHex(8))).size).toBe(1000);
});

test("sleeping takes the time it is told, on the clock that only goes forward", () => {
  const before = monotonic();
  sleep(20);
  expect(monotonic() - before).toBeWithin(19.5, 1000);
});

needs("program:sha512sum").test.each(["", "abc", "Köln"])("the digest of %j is that of sha512sum", (text) => {
  const expected = Bun.spawnSync(["sha512sum"], { stdin: new Blob([text]) }).stdout.toString();
  expect(`${sha512(text)}  -\n`).toBe(expected);
});
