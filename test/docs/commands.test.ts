/** The commands that the documents name are there, and the README's table has all of them. */
import { expect, test } from "bun:test";
import { scripts } from "../../package.json" with { type: "json" };
import { documents, isInProject, readDocument } from "./documents.ts";

const found = (pattern: RegExp): string[] => [
  ...new Set(documents.flatMap(({ text }) => [...text.matchAll(pattern)].map(([, name]) => name!))),
];

test("every `npm run` is a script", () => {
  expect(found(/npm run ([\w:-]+)/g).filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
});

test("every `bun run` and `bun test` is about something that is there", () => {
  expect(found(/bun (?:run|test) ([\w./-]+)/g).filter((name) => !isInProject(name))).toEqual([]);
});

test("the README's table has every script that a person calls", () => {
  const { prose } = readDocument("README.md");
  const rows = [...prose.matchAll(/^\| `npm (?:run )?([\w:-]+)` /gm)].map(([, name]) => name!);
  expect(rows.sort()).toEqual(
    Object.keys(scripts)
      .filter((name) => name !== "postinstall")
      .sort(),
  );
});
