/** Reports of `bun test`, read and put together. */
import { expect, test } from "bun:test";
import { casesOf, countOf, together } from "./report.ts";

const report = (body: string): string => `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bun test" tests="3"><testsuite name="test/a.test.ts" file="test/a.test.ts">${body}</testsuite></testsuites>`;

const passing = '<testcase name="works" classname="a" file="test/a.test.ts" line="1" assertions="1" />';
const failing = `<testcase name="fails &quot;&gt;&quot;" classname="a" file="test/a.test.ts" line="2">
  <failure type="AssertionError" />
</testcase>`;
const skipping = `<testcase name="waits" classname="a" file="test/a.test.ts" line="3">
  <skipped />
</testcase>`;

test("a case is known by file, description and name, and has passed, failed or been skipped", () => {
  expect([...casesOf(report(passing + failing + skipping))]).toEqual([
    ["test/a.test.ts › a › works", "passed"],
    ["test/a.test.ts › a › fails &quot;&gt;&quot;", "failed"],
    ["test/a.test.ts › a › waits", "skipped"],
  ]);
});

test("cases of one name are several, and no report is no case", () => {
  expect(countOf(casesOf(report(passing + passing)), "passed")).toBe(2);
  expect(casesOf("").size).toBe(0);
});

test.each([
  ["skipped", "passed", "passed"],
  ["skipped", "failed", "failed"],
  ["skipped", "skipped", "skipped"],
  ["passed", "skipped", "passed"],
  ["passed", "failed", "failed"],
  ["failed", "passed", "failed"],
] as const)("what %s here and %s there has %s", (here, there, both) => {
  expect([...together(new Map([["x", here]]), new Map([["x", there]]))]).toEqual([["x", both]]);
});
