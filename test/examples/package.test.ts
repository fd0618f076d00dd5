/** The package as others install it: its entries load, and say what the README says they have. */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import manifest from "../../netlink/package.json" with { type: "json" };

const folder = new URL("../../netlink/", import.meta.url).pathname;

describe("every entry of the package", () => {
  test.each(Object.entries(manifest.exports))("%s is a file that loads", async (_, path) => {
    expect(existsSync(folder + path)).toBe(true);
    expect(Object.keys(await import(folder + path)).length).toBeGreaterThan(20);
  });
});

test("the codec entry needs neither Bun nor a system call", async () => {
  const built = await Bun.build({
    entrypoints: [`${folder}codec/index.ts`],
    target: "node",
    external: ["bun:*", "node:*"],
  });
  const source = await built.outputs[0]!.text();
  expect(source).not.toMatch(/bun:|node:|\bBun\b|\bprocess\b|\bBuffer\b/);
});
