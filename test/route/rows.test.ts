/** Every row, name and member has the number, or the place, that the kernel's headers on this machine give it. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import { camelCase, constants, FOLDER, members } from "./headers.ts";
import { type HeaderTable, keysOf, layouts, nameTables, rowTables } from "./tables.ts";
import { trafficLayouts, trafficNames, trafficRows } from "./traffic-tables.ts";

const { test } = needs(`file:${FOLDER}`);

/** What stands in most enums without meaning an attribute. */
const FILLERS = new Set(["UNSPEC", "NONE", "PAD", "MAX"]);

/** What the header says, named as this library names it. */
function theirs({ header, prefix, member, renamed = {}, leftOut = {} }: HeaderTable): Record<string, number> {
  const known = [...constants(header, prefix, member)].filter(([name]) => !(name in leftOut));
  return Object.fromEntries(known.map(([name, number]) => [renamed[name] ?? camelCase(name), number]));
}

/** The entries up to number `last`: what lies beyond is of a newer kernel than the other side. */
const upTo = (last: number, entries: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(entries).filter(([, number]) => number <= last));

const highest = (entries: Record<string, number>): number => Math.max(...Object.values(entries));

test.each([...rowTables, ...trafficRows])("the rows of $prefix* in $header", (table) => {
  const fillers = Object.fromEntries([...FILLERS].map((name) => [name, "a filler"]));
  const header = theirs({ ...table, leftOut: { ...table.leftOut, ...fillers } });
  const ours = Object.fromEntries(Object.entries(table.codec.rows).map(([key, { number }]) => [key, number]));
  expect(Object.keys(header)).not.toEqual([]);
  expect(upTo(highest(header), ours)).toEqual(upTo(highest(ours), header));
});

test.each([...nameTables, ...trafficNames])("the names of $prefix* in $header", (table) => {
  const header = theirs(table);
  const newer = Object.keys(table.names).filter((name) => !(name in header));
  expect(newer).toEqual(newer.filter((name) => name in (table.newer ?? {})));
  for (const [name, number] of Object.entries(table.names)) {
    if (name in header) expect({ [name]: number }).toEqual({ [name]: header[name]! });
  }
});

test.each([...layouts, ...trafficLayouts])(
  "the members of $source in $header",
  ({ header, source, prefix = "", codec, renamed = {}, size }) => {
    const [, struct] = /^struct (\w+)$/.exec(source) ?? [];
    const names = struct === undefined ? [...constants(header, source).keys()] : members(header, struct);
    const wanted = names
      .filter((name) => name !== "MAX")
      .map((name) => renamed[name] ?? camelCase(name.startsWith(prefix) ? name.slice(prefix.length) : name))
      .filter((name) => name !== "");
    expect(wanted).not.toEqual([]);
    expect(keysOf(codec, size).slice(0, wanted.length)).toEqual(wanted);
  },
);
