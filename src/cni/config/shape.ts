/** Makes shapes of zod schemas. Runs at build time only, in macros: zod is not in the executable. */
import * as z from "zod";
import type { AnyShape, Shape } from "./shape-types.ts";

/** `T` without the index signature that stands for the keys which a schema does not name. */
export type Known<T> = T extends readonly (infer Element)[]
  ? Known<Element>[]
  : T extends object
    ? [NamedKeys<T>] extends [never]
      ? T
      : { [Key in keyof T as string extends Key ? never : Key]: Known<T[Key]> }
    : T;
type NamedKeys<T> = keyof { [Key in keyof T as string extends Key ? never : Key]: T[Key] };

/** What a configuration is after its check: the schema's named keys, with defaults filled in. */
export type Infer<S extends z.ZodType> = Known<z.output<S>>;

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The words of JSON Schema that the running check knows, with how each is made ready for it. */
const kept: Record<string, (value: unknown) => unknown> = {
  type: (value) => value,
  default: (value) => value,
  enum: (value) => value,
  pattern: (value) => value,
  format: (value) => value,
  minItems: (value) => value,
  minimum: (value) => (value === Number.MIN_SAFE_INTEGER ? undefined : value),
  maximum: (value) => (value === Number.MAX_SAFE_INTEGER ? undefined : value),
  required: (value) => value,
  items: (value) => compact(value as JsonSchema),
  additionalProperties: (value) => {
    const inner = compact(value as JsonSchema);
    return Object.keys(inner).length > 0 ? inner : undefined;
  },
  anyOf: (value) => (value as JsonSchema[]).map(compact),
  properties: (value) =>
    Object.fromEntries(Object.entries(value as object).map(([key, inner]) => [key, compact(inner)])),
  blank: (value) => value,
  lower: (value) => value,
  wanted: (value) => value,
};

/** Words that say something to people and editors but check nothing, or nothing that others do not check. */
const dropped = new Set(["$schema", "title", "description", "examples", "propertyNames", "editor"]);

function compact(schema: JsonSchema): AnyShape {
  if (typeof schema !== "object") throw new Error("the running check keeps unknown keys: use a loose object");
  const shape: Record<string, unknown> = {};
  for (const [word, value] of Object.entries(schema)) {
    const prepare = kept[word];
    if (prepare === undefined && !dropped.has(word))
      throw new Error(`the running check does not know "${word}"`);
    const prepared = prepare?.(value);
    if (prepared !== undefined) shape[word] = prepared;
  }
  return shape;
}

/** The JSON Schema (draft 2020-12) of what a person may write, with our own words `blank`, `lower`, `wanted` and `editor`. */
export const jsonSchemaOf = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, {
    io: "input",
    // zod leaves out the default of an object in which a key is preprocessed, as `blank` keys are.
    override({ zodSchema: { _zod }, jsonSchema }) {
      if (_zod.def.type === "default") jsonSchema.default = _zod.def.defaultValue;
    },
  });

/**
 * The shape that `checked` reads.
 * @throws Error when the schema uses a word that the running check does not know
 */
export function shapeOf<S extends z.ZodType>(schema: S): Shape<Infer<S>> {
  return compact(jsonSchemaOf(schema));
}
