/** Versions of the specification: order and malformed text. */
import { describe, expect, test } from "bun:test";
import { compareVersions, specVersions, versionsSince } from "../../src/cni/versions.ts";

describe("comparing versions", () => {
  test.each([
    ["0.3.1", "0.4.0", -1],
    ["1.0.0", "1.0.0", 0],
    ["1.10.0", "1.9.0", 1],
    ["1", "1.0.0", 0],
    ["0.4", "0.4.1", -1],
    ["", "0.1.0", 0],
  ])("%p against %p", (left, right, sign) => {
    expect(Math.sign(compareVersions(left, right))).toBe(sign);
  });

  test.each(["adsfasdf", "1.0.0.0", "1..0", "1.0.", "1.x.0", " 1.0.0"])("%p is malformed: code 6", (text) => {
    expect(() => compareVersions(text, "1.0.0")).toThrow(expect.objectContaining({ code: 6 }));
  });
});

test("the versions are those of the specification, oldest first", () => {
  expect(specVersions).toEqual(["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"]);
});

test("a plugin that came with 0.4.0 supports it and what followed", () => {
  expect(versionsSince("0.4.0")).toEqual(["0.4.0", "1.0.0", "1.1.0"]);
});
