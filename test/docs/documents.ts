/** The project's documents, taken apart: prose with its links and names, and samples. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const PROJECT = join(import.meta.dir, "../..");

/** A block of code or output. */
export interface Sample {
  readonly language: string;
  readonly text: string;
  /** What the comment in front of it says: `file: fixtures/flatnet.conflist`. */
  readonly note: string;
}

export interface Document {
  /** From the project's root. */
  readonly path: string;
  readonly text: string;
  /** The text without its samples. */
  readonly prose: string;
  readonly samples: readonly Sample[];
}

/** The absolute path of a file of the project. */
export const inProject = (path: string): string => join(PROJECT, path);

export const isInProject = (path: string): boolean => existsSync(inProject(path));

/** A fence, which may be indented, and the comment that may stand in front of it. */
const FENCED = /(?:<!-- ([^\n]*?) -->\s*)?^ *```(\w*)\n([\s\S]*?)^ *```$/gm;

export function readDocument(path: string): Document {
  const text = readFileSync(inProject(path), "utf8");
  const samples = [...text.matchAll(FENCED)].map(([, note = "", language = "", body = ""]) => ({
    language,
    text: body,
    note,
  }));
  return { path, text, prose: text.replace(FENCED, ""), samples };
}

const OTHERS = /(^|\/)(node_modules|dist)\//;

/** All documents that belong to the project. */
export const documents: readonly Document[] = [...new Bun.Glob("**/*.md").scanSync(PROJECT)]
  .filter((path) => !OTHERS.test(path))
  .sort()
  .map(readDocument);

/** The JSON samples of a document with their values. */
export const jsonSamples = ({ samples }: Document): unknown[] =>
  samples.filter(({ language }) => language === "json").map(({ text }) => JSON.parse(text));

/** A network configuration list among the JSON of a document. */
export interface List {
  readonly name: string;
  readonly cniVersion: string;
  readonly plugins: readonly ({ readonly type: string } & Readonly<Record<string, unknown>>)[];
}

export const isList = (value: unknown): value is List =>
  typeof value === "object" && "plugins" in (value ?? {});
