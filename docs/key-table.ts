/** The table of a plugin's keys for its page, made of the zod schema. */
import type * as z from "zod";
import { jsonSchemaOf } from "../src/cni/config/shape.ts";
import type { Json } from "./editor-schema.ts";

const code = (value: unknown): string => `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;

function bounds({ minimum, maximum }: Json): string {
  const from = minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum;
  const to = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (from === undefined && to === undefined) return "";
  return to === undefined ? ` from ${from}` : ` ${from} to ${to}`;
}

/** What a value may be, in a few words: `integer 0 to 4094`, `list of address`. */
function kind(schema: Json): string {
  if (schema.anyOf) return (schema.anyOf as Json[]).map(kind).join(", or ");
  if (schema.enum) return (schema.enum as unknown[]).map(code).join(", ");
  if (schema.type === "array") return `list of ${kind(schema.items as Json)}`;
  if (schema.type === "integer") return `integer${bounds(schema)}`;
  if (schema.type !== "object")
    return ((schema.format as string) ?? schema.type ?? "any").replaceAll("-", " ");
  const values = schema.additionalProperties as Json;
  return Object.keys(values).length > 0 ? `object of ${kind(values)}` : "object";
}

function rows(schema: Json, path: string): string[][] {
  if (schema.type === "array") return rows(schema.items as Json, `${path}[]`);
  const required = (schema.required as string[] | undefined) ?? [];
  return Object.entries((schema.properties ?? {}) as Record<string, Json>).flatMap(([key, value]) => {
    const name = key.includes(".") ? `${path}["${key}"]` : path === "" ? key : `${path}.${key}`;
    const usual =
      value.default === undefined ? (required.includes(key) ? "required" : "") : code(value.default);
    return [[code(name), kind(value), usual, String(value.description ?? "")], ...rows(value, name)];
  });
}

/** A Markdown table: each key with its path, what its value may be, the default and the meaning. */
export function keyTable(schema: z.ZodType): string {
  const table = [
    ["key", "value", "default", "meaning"],
    ["---", "---", "---", "---"],
  ];
  return [...table, ...rows(jsonSchemaOf(schema) as Json, "")]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}
