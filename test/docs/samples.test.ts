/** The samples in the documents are what they look like: JSON, parts of files, configurations that the plugins take. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { schemas } from "../../docs/generate.ts";
import { NetworkList } from "../../docs/network-list.ts";
import { checked } from "../../src/cni/config/check.ts";
import { ipamSchemas } from "../../src/cni/config/parts/ipam.ts";
import { shapeOf } from "../../src/cni/config/shape.ts";
import { type Document, documents, inProject, isList, jsonSamples, type List } from "./documents.ts";

const named = documents.map((document) => [document.path, document] as const);

test.each(named)("%s has JSON that parses", (_, document) => {
  expect(() => jsonSamples(document)).not.toThrow();
});

/** Lines without their indentation, which a sample need not keep. */
const lines = (text: string): string => text.trim().replace(/^[ \t]+/gm, "");

/** Samples that are not, or no longer, what their note says. */
const outdated = ({ samples }: Document): string[] =>
  samples
    .filter(({ language, text, note }) => {
      const [, kind, path] = /^(file|part of): (\S+)$/.exec(note) ?? [];
      if (path === undefined) return false;
      const there = readFileSync(inProject(path), "utf8");
      if (kind === "part of") return !lines(there).includes(lines(text));
      return language === "json" ? !Bun.deepEquals(JSON.parse(there), JSON.parse(text)) : there !== text;
    })
    .map(({ note }) => note);

test.each(named)("%s has samples of files as the files are", (_, document) => {
  expect(outdated(document)).toEqual([]);
});

test("a sample that has a note is compared", () => {
  const notes = documents
    .flatMap(({ samples }) => samples.map(({ note }) => note))
    .filter((note) => note !== "");
  expect(notes).toContain("file: fixtures/flatnet.conflist");
  expect(notes.filter((note) => !/^(file|part of): \S+$/.test(note))).toEqual([]);
});

const lists = documents.flatMap((document) =>
  jsonSamples(document)
    .filter(isList)
    .map((list) => [`${list.name} in ${document.path}`, list] as const),
);

/** The schemas that a plugin's part is written for: the plugin's own, and that of its IPAM plugin if it is ours. */
function written({ type, ...keys }: List["plugins"][number]): [name: string, keys: object][] {
  const ipam = keys.ipam as { readonly type?: string } | undefined;
  const asked = ipam?.type ?? (type === "flatnet" ? "flatnet-ipam" : undefined);
  const schema = Object.entries(ipamSchemas).find(([name]) => name === asked)?.[1];
  return [
    [type, keys],
    ...(schema !== undefined && ipam !== undefined ? [[schema, { ipam }] as [string, object]] : []),
  ];
}

/** What ADD would say of misspelt keys; it throws for wrong values. */
function warnings({ name, cniVersion, plugins }: List): string[] {
  return plugins.flatMap(written).flatMap(([plugin, keys]) => {
    if (!Object.hasOwn(schemas, plugin)) return [];
    const shape = shapeOf(schemas[plugin as keyof typeof schemas]);
    return [...checked(shape, { ...keys, name, cniVersion }).warnings];
  });
}

test.each(lists)("the network %s is a configuration without a mistake", (_, list) => {
  expect(() => NetworkList.parse(list)).not.toThrow();
  expect(warnings(list)).toEqual([]);
});
