/** Every file imports only what the table of layers in docs/architecture.md allows. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { inProject, readDocument } from "./documents.ts";

/** Each layer with the layers that it may import. */
const allowed = new Map(
  [
    ...readDocument("docs/architecture.md").prose.matchAll(
      /^\| `((?:netlink|src)[\w/]*)` +\|[^|]*\|([^|]*)\|$/gm,
    ),
  ].map(
    ([, layer, others]) =>
      [layer!, [...others!.matchAll(/`((?:netlink|src)[\w/]*)`/g)].map(([, name]) => name!)] as const,
  ),
);
const layers = [...allowed.keys()].sort((a, b) => b.length - a.length);

/** The innermost layer that a file is in. */
const layerOf = (path: string): string | undefined => layers.find((layer) => path.startsWith(`${layer}/`));

const files = [...new Bun.Glob("{netlink,src}/**/*.ts").scanSync(inProject("."))].filter(
  (path) => !path.startsWith("netlink/examples/"),
);

/** What a file imports, packages and built-in modules included. */
function importsOf(path: string): string[] {
  const text = readFileSync(inProject(path), "utf8");
  const targets = [
    ...text.matchAll(/(?:^import "|^(?:import|export|\}) .*from "|(?:import|require)\(")([^"\n]+)"/gm),
  ].map(([, to]) => to!);
  return targets.map((target) => (target.startsWith(".") ? join(dirname(path), target) : target));
}

const ERRORS = "netlink/errors.ts";

test("each file belongs to a layer", () => {
  expect(layers.length).toBeGreaterThan(10);
  expect(files.filter((path) => layerOf(path) === undefined)).toEqual([]);
});

test.each(layers)("%s imports only the layers that it may", (layer) => {
  const strays = files
    .filter((path) => layerOf(path) === layer)
    .flatMap((path) =>
      importsOf(path)
        .map((target) => ({ target, to: layerOf(target) }))
        .filter(
          ({ target, to }) =>
            to !== undefined && to !== layer && target !== ERRORS && !allowed.get(layer)?.includes(to),
        )
        .map(({ target }) => `${path} imports ${target}`),
    );
  expect(strays).toEqual([]);
});

test("only netlink/socket and src/sys call the C library", () => {
  const callers = files.filter((path) => importsOf(path).includes("bun:ffi")).map(layerOf);
  expect([...new Set(callers)].sort()).toEqual(["netlink/socket", "src/sys"]);
});

test("no file of the program imports node:* ", () => {
  expect(files.filter((path) => importsOf(path).some((target) => target.startsWith("node:")))).toEqual([]);
});

test("zod is imported where schemas are written, and nowhere else", () => {
  const users = files.filter((path) => importsOf(path).includes("zod"));
  expect(users.filter((path) => !/schema\.ts$|^src\/cni\/config\/(shape\.ts|parts\/)/.test(path))).toEqual(
    [],
  );
});
