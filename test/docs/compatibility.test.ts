/** The page on compatibility has every difference that the comparisons allow, and every plugin and key with its tests. */
import { describe, expect, test } from "bun:test";
import { schemas } from "../../docs/generate.ts";
import { common } from "../../src/cni/config/parts/common.ts";
import { jsonSchemaOf } from "../../src/cni/config/shape.ts";
import { special, usual } from "../twin/meant.ts";
import { isInProject, readDocument } from "./documents.ts";

const { prose } = readDocument("docs/compatibility.md");
const page = prose.replace(/\s+/g, " ");
const meant = Object.values({ ...usual, ...special }).map(({ reason }) => reason);

test.each(meant)("%s", (reason) => {
  expect(page).toContain(reason);
});

/** The rows of plugins and keys: what stands in a row's first column, and the tests in its second. */
const rows = [...prose.matchAll(/^\| (`[\w -]+`(?::| |,)[^|]*)\|([^|]*`test\/[^|]*)\|$/gm)].map(
  ([, keys = "", tests = ""]) => ({
    plugin: /^`([\w-]+)/.exec(keys)?.[1],
    keys: [...keys.matchAll(/`([^`]+)`/g)].map(([, key]) => key!),
    tests: [...tests.matchAll(/`([^`]+)`/g)].map(([, path]) => path!),
  }),
);

/** The keys of a plugin's own: those at the top, or below `ipam` of one that gives out addresses. */
function keysOf(name: keyof typeof schemas): string[] {
  const { properties = {} } = jsonSchemaOf(schemas[name]);
  const { ipam } = properties;
  const givesAddresses = ["host-local", "static", "dhcp"].includes(name);
  const own = givesAddresses && typeof ipam === "object" ? (ipam.properties ?? {}) : properties;
  const shared = new Set([...Object.keys(common), "args", "runtimeConfig", "ipam"]);
  return Object.keys(own).filter((key) => !shared.has(key));
}

const reference = Object.keys(schemas).filter((name) => name !== "flatnet") as (keyof typeof schemas)[];

describe("plugins and keys", () => {
  test.each(reference)("%s has a row for each of its keys", (name) => {
    const own = rows.filter(({ plugin }) => plugin === name);
    expect(own).not.toEqual([]);
    const named = new Set(own.flatMap(({ keys }) => keys));
    expect(keysOf(name).filter((key) => !named.has(key))).toEqual([]);
  });

  test("each test that a row names is there", () => {
    const tests = rows.flatMap((row) => row.tests).filter((path) => path.startsWith("test/"));
    expect(tests.length).toBeGreaterThan(70);
    expect(tests.filter((path) => !isInProject(path))).toEqual([]);
  });
});
