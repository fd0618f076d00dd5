/** What the documents point to exists: linked files and headings, and files named in the text. */
import { expect, test } from "bun:test";
import { dirname, join } from "node:path";
import { type Document, documents, isInProject, readDocument } from "./documents.ts";

/** The name under which a heading can be linked to, as GitHub makes it. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

const anchors = ({ prose }: Document): string[] =>
  [...prose.matchAll(/^#+ (.+)$/gm)].map(([, title]) => anchor(title!));

/** The links of a document that lead to nothing in the project. */
function deadLinks(document: Document): string[] {
  const links = [...document.prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [file, heading] = link.split("#");
    const path = file ? join(dirname(document.path), file) : document.path;
    if (!isInProject(path)) return true;
    return heading !== undefined && !anchors(readDocument(path)).includes(heading);
  });
}

/** A file or folder of the project, as prose names it; patterns and made files are none. */
const NAMED = /`((?:src|netlink|test|fixtures|demo|bench|docs|\.ci)\/[\w./-]+)`/g;

const missingFiles = ({ prose }: Document): string[] =>
  [...prose.matchAll(NAMED)].map(([, name]) => name!).filter((name) => !isInProject(name));

test.each(documents.map((document) => [document.path, document] as const))(
  "%s links to what is there",
  (_, document) => {
    expect(deadLinks(document)).toEqual([]);
  },
);

test.each(documents.map((document) => [document.path, document] as const))(
  "%s names files that are there",
  (_, document) => {
    expect(missingFiles(document)).toEqual([]);
  },
);

test("the README leads to every document for users and contributors", () => {
  const { text } = readDocument("README.md");
  const others = documents
    .map(({ path }) => path)
    .filter((path) => path !== "README.md" && path !== "fixtures/README.md");
  expect(others.filter((path) => !text.includes(`](${path})`))).toEqual([]);
});
