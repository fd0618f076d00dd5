/** Every row and name has the number that the kernel's headers here give it, and none of theirs is missing. */
import { describe, expect } from "bun:test";
import { needs } from "../needs.ts";
import { camelCase, constants, FOLDER } from "../route/headers.ts";
import { nameTables, type RowTable, rowTables } from "./tables.ts";

const { test } = needs(`file:${FOLDER}`);

/** What stands in most enums without meaning an attribute. */
const FILLERS = /^(UNSPEC|PAD|_+MAX|MAX)$/;

type Part = Pick<RowTable, "header" | "prefix" | "member" | "renamed" | "leftOut">;

/** What the header says, named as this library names it. */
function theirs({ header, prefix, member, renamed = {}, leftOut = {} }: Part): Record<string, number> {
  const known = [...constants(header, prefix, member || undefined)].filter(
    ([name]) => !FILLERS.test(name) && !(name in leftOut),
  );
  return Object.fromEntries(known.map(([name, number]) => [renamed[name] ?? camelCase(name), number]));
}

/** What is here but for names that the header is too old for; a others header may have them. */
function ours(numbers: Record<string, number>, header: Record<string, number>, others: object = {}) {
  return Object.fromEntries(Object.entries(numbers).filter(([name]) => name in header || !(name in others)));
}

describe("the rows of a table are those of the header's enum", () => {
  test.each(rowTables)("$prefix of $header", ({ codec, others, ...part }) => {
    const header = theirs(part);
    const rows = Object.fromEntries(Object.entries(codec.rows).map(([key, { number }]) => [key, number]));
    expect(Object.keys(header)).not.toEqual([]);
    expect(ours(rows, header, others)).toEqual(header);
  });
});

describe("names of numbers are those of the header", () => {
  test.each(nameTables)("$prefix of $header", ({ names, others, ...part }) => {
    const header = theirs(part);
    expect(ours(names, header, others)).toEqual(header);
  });
});
