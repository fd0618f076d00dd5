/** The names of errors, held against the kernel's headers. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { errnoName, errnoNumber } from "../../netlink/wire/errno.ts";
import { needs } from "../needs.ts";

const HEADERS = ["/usr/include/asm-generic/errno-base.h", "/usr/include/asm-generic/errno.h"] as const;
const live = needs(`file:${HEADERS[0]}`, `file:${HEADERS[1]}`);

live.test("every error of the kernel's headers has its name and number, and there are no others", () => {
  const text = HEADERS.map((path) => readFileSync(path, "utf8")).join("\n");
  const defined = [...text.matchAll(/^#define\s+(E\w+)\s+(\w+)/gm)].map(
    (match) => [match[1]!, match[2]!] as const,
  );
  expect(defined.length).toBeGreaterThan(130);
  const names = new Map<number, string>();
  for (const [name, value] of defined) {
    const number = /^\d/.test(value) ? Number(value) : errnoNumber(value);
    expect([name, errnoNumber(name)]).toEqual([name, number]);
    if (/^\d/.test(value)) names.set(number, name);
  }
  for (let number = 0; number < 200; number++)
    expect(errnoName(number)).toBe(names.get(number) ?? `E${number}`);
});

test("ENOTSUPP, which network drivers answer with, is in no header for programs", () => {
  expect(errnoName(524)).toBe("ENOTSUPP");
  expect(errnoNumber("ENOTSUPP")).toBe(524);
  expect(errnoNumber("ENOTSUP")).toBe(95);
});

test.each(["E4711", "ENOSUCH", "-", ""])("there is no number for the name %p", (name) => {
  expect(() => errnoNumber(name)).toThrow(RangeError);
});
