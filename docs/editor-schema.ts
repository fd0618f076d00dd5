/** JSON Schema files for editors, made of the zod schemas. */
import type * as z from "zod";
import { jsonSchemaOf } from "../src/cni/config/shape.ts";
import { NetworkList } from "./network-list.ts";

/** A JSON Schema, or a part of one. */
export type Json = { [word: string]: unknown };

const each = (members: unknown, change: (member: Json) => Json): Json =>
  Object.fromEntries(
    Object.entries(members as Record<string, Json>).map(([key, member]) => [key, change(member)]),
  );

/** Words that stay with the key; the rest says what its value may be. */
function split({ description, default: usual, ...value }: Json): [about: Json, value: Json] {
  return [
    { ...(description !== undefined && { description }), ...(usual !== undefined && { default: usual }) },
    value,
  ];
}

/** Standard JSON Schema of one that has our own words in it (`jsonSchemaOf`). */
function standard(schema: Json): Json {
  const { wanted, blank, lower, editor, format, ...rest } = schema;
  const [about, value] = split({ ...rest, ...(editor as Json | undefined) });
  if (value.properties) value.properties = each(value.properties, standard);
  if (value.items) value.items = standard(value.items as Json);
  if (value.additionalProperties) value.additionalProperties = standard(value.additionalProperties as Json);
  if (Array.isArray(value.anyOf))
    value.anyOf = value.anyOf.map((choice: Json) => (format ? choice : standard(choice)));
  return blank ? { ...about, anyOf: [{ const: "" }, value] } : { ...about, ...value };
}

/** The editor schema of a plugin: an element of a list's `plugins`, or with `name` a file of its own. */
export function pluginSchema(name: string, schema: z.ZodType): Json {
  const { $schema, title, required, properties, ...rest } = standard(jsonSchemaOf(schema) as Json);
  const type = { description: (properties as Record<string, Json>).type!.description, const: name };
  // The runtime puts the list's name into each plugin's configuration: it is not required of the person.
  const demanded = (required as string[]).filter((key) => key !== "name");
  return {
    $schema,
    $id: `${name}.schema.json`,
    title,
    ...rest,
    properties: { ...(properties as Json), type },
    required: ["type", ...demanded],
  };
}

/** The editor schema of a network list, which sends each plugin to the schema of its type. */
export function listSchema(plugins: readonly string[]): Json {
  const { $schema, title, ...rest } = standard(jsonSchemaOf(NetworkList) as Json);
  const list = (rest.properties as Record<string, Json>).plugins!;
  list.items = {
    ...(list.items as Json),
    allOf: plugins.map((name) => ({
      if: { properties: { type: { const: name } } },
      // biome-ignore lint/suspicious/noThenProperty: a word of JSON Schema
      then: { $ref: `${name}.schema.json` },
    })),
  };
  return { $schema, $id: "conflist.schema.json", title, ...rest };
}
