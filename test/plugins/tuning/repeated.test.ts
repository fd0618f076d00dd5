/** Finding keys that stand twice in one object. */
import { expect, test } from "bun:test";
import { repeatedKeys } from "../../../src/plugins/meta/tuning/repeated.ts";

test.each([
  ["{}", []],
  ['{"a": 1, "b": {"a": 1}}', []],
  ['{"a": 1, "a": 2}', ["a"]],
  ['{"a": {"b": 1, "c": {"b": 2}, "b": 3}}', ["a.b"]],
  ['{"a": [{"b": 1}, {"b": 2}]}', []],
  ['{"a": ["b", "b"], "c": "b"}', []],
  ['{"a": "x\\", \\"a\\": ", "b": "}"}', []],
  ['{"\\u0061": 1, "a": 2}', ["a"]],
  ['{"a": {}, "b": [], "a": null}', ["a"]],
])("in %s they are %j", (text, repeated) => {
  JSON.parse(text);
  expect(repeatedKeys(text)).toEqual(repeated as string[]);
});
