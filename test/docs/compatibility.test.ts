/** The page on compatibility has every difference that the comparisons with the Go plugins allow. */
import { expect, test } from "bun:test";
import { special, usual } from "../twin/meant.ts";
import { readDocument } from "./documents.ts";

const page = readDocument("docs/compatibility.md").prose.replace(/\s+/g, " ");
const meant = Object.values({ ...usual, ...special }).map(({ reason }) => reason);

test.each(meant)("%s", (reason) => {
  expect(page).toContain(reason);
});
