/** The files made from the schemas are those that `bun run docs/generate.ts` writes now. */

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { generated } from "../../docs/generate.ts";

const files = [...generated()];

describe("bun run docs/generate.ts would change nothing in", () => {
  test.each(files.map(([path, text]) => [basename(path), path, text] as const))("%s", (_, path, text) => {
    expect(readFileSync(path, "utf8")).toBe(text);
  });
});

describe("an editor's schema", () => {
  const schemas = files
    .filter(([path]) => path.endsWith(".json"))
    .map(([path, text]) => [basename(path), text, JSON.parse(text)] as const);

  test.each(schemas)("%s has no words of our own", (_, text) => {
    expect(text).not.toMatch(/"(wanted|blank|lower|editor)":/);
    expect(text).not.toMatch(/"format": "(?!ipv4|ipv6)/);
  });

  test.each(schemas)("%s points only to places that exist", (_, text) => {
    for (const [, target, pointer = ""] of text.matchAll(/"\$ref": "([^"#]+)(?:#([^"]*))?"/g)) {
      const [, , schema] = schemas.find(([name]) => name === target)!;
      const steps = pointer.split("/").slice(1);
      expect(steps.reduce((part, step) => part[step], schema)).toBeObject();
    }
  });

  test.each(schemas)("%s explains each key of its own in one sentence", (_, __, schema) => {
    for (const property of Object.values<{ description?: string }>(schema.properties)) {
      expect(property.description).toMatch(/^[A-Z].*\.$/);
    }
  });
});
