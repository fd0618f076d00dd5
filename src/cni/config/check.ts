/** The check that runs in the plugin: an interpreter of shapes, which are made of zod schemas at build time. */
import { ConfigError, type Problem } from "./error.ts";
import { formats } from "./formats.ts";
import { nearest } from "./nearest.ts";
import type {
  AnyShape,
  ChoiceShape,
  IntegerShape,
  ListShape,
  ObjectShape,
  Shape,
  TextShape,
} from "./shape-types.ts";
import { type Path, problemOf, written } from "./wording.ts";

export type { Shape };

/** A configuration after its check. */
export interface Checked<T> {
  /** In the spelling of the schema, with defaults filled in; keys that the schema does not name are kept as they were. */
  readonly config: T;
  /** Keys that the schema does not name but that look like one that is absent: a sentence each. */
  readonly warnings: readonly string[];
}

/** What can be used of a configuration, and what cannot. */
export interface Examined {
  /** Without faulty values: a key is as if it were absent, an element is left out of its list. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** As in `Checked`. */
  readonly warnings: readonly string[];
}

type Properties = Readonly<Record<string, AnyShape>>;
/** Of an object that is a dictionary. */
const NONE: Properties = {};

type Json = Readonly<Record<string, unknown>>;

/**
 * Checks `json` against `shape`. Keys are matched without regard to letter case, the later of two spellings wins, and
 * `null` means an absent key, as Go's decoder has it, which other implementations of the plugins use.
 * @param json what `JSON.parse` gave; it is not changed
 * @throws ConfigError with all problems found
 */
export function checked<T>(shape: Shape<T>, json: unknown): Checked<T> {
  const examination = new Examination();
  const config = examination.examine(shape, json) as T;
  if (examination.faults.length > 0) throw new ConfigError(examination.faults.map(problemOf));
  return { config, warnings: examination.warnings };
}

/** As `checked`, for a caller that must go on with what can be used: nothing is thrown. */
export function examined(shape: AnyShape, json: unknown): Examined {
  const examination = new Examination();
  const value = examination.examine(shape, json);
  return { value, problems: examination.faults.map(problemOf), warnings: examination.warnings };
}

/** A value that is not as its shape wants it, before words are made of it: nearly no call needs them. */
export interface Fault {
  readonly path: Path;
  readonly shape: AnyShape;
  /** Undefined when the key is missing. */
  readonly found: unknown;
  /** Keys beside a missing one that the schema does not name. */
  readonly beside: readonly string[];
}

/** One walk over a configuration. Its methods return the checked value, or undefined after they noted a fault. */
class Examination {
  readonly faults: Fault[] = [];
  readonly warnings: string[] = [];
  private readonly path: (string | number)[] = [];

  examine(shape: AnyShape, found: unknown): unknown {
    if ("anyOf" in shape) return this.choice(shape, found);
    switch (shape.type) {
      case "object":
        return isObject(found) ? this.object(shape, found) : this.refuse(shape, found);
      case "array":
        return Array.isArray(found) && found.length >= (shape.minItems ?? 0)
          ? this.list(shape, found)
          : this.refuse(shape, found);
      case "string":
        return this.text(shape, found);
      case "integer":
        return isInteger(shape, found) ? found : this.refuse(shape, found);
      case "boolean":
        return typeof found === "boolean" ? found : this.refuse(shape, found);
      default:
        return found;
    }
  }

  private text(shape: TextShape, found: unknown): unknown {
    if (typeof found !== "string") return this.refuse(shape, found);
    const text = shape.lower ? found.toLowerCase() : found;
    return isText(shape, text) ? text : this.refuse(shape, found);
  }

  private inside(key: string | number, shape: AnyShape, found: unknown): unknown {
    this.path.push(key);
    const value = this.examine(shape, found);
    this.path.pop();
    return value;
  }

  private object(
    { properties = NONE, required = [], additionalProperties = {} }: ObjectShape,
    found: Json,
  ): Json {
    const { known, unknown } = sorted(properties, found);
    const result: Record<string, unknown> = {};
    for (const key in properties) {
      const property = properties[key]!;
      const given = known[key] === "" && property.blank ? undefined : known[key];
      const value = given === undefined ? undefined : this.inside(key, property, given);
      if (value !== undefined) result[key] = value;
      else if (property.default !== undefined) result[key] = ownCopy(property.default);
      else if (given === undefined && required.includes(key)) this.miss(key, property, unknown);
    }
    for (const key of unknown) {
      const value = this.inside(key, additionalProperties, found[key]);
      if (value !== undefined) result[key] = value;
    }
    if (properties !== NONE && unknown.length > 0) this.suggest(unknown, properties, known);
    return result;
  }

  private list(shape: ListShape, found: readonly unknown[]): unknown[] {
    const result: unknown[] = [];
    for (let index = 0; index < found.length; index++) {
      const value = this.inside(index, shape.items, found[index]);
      if (value !== undefined) result.push(value);
    }
    return result;
  }

  private choice(shape: ChoiceShape, found: unknown): unknown {
    for (const alternative of shape.anyOf) {
      const attempt = new Examination();
      const value = attempt.examine(alternative, found);
      if (attempt.faults.length === 0) return value;
    }
    return this.refuse(shape, found);
  }

  private refuse(shape: AnyShape, found: unknown): undefined {
    this.faults.push({ path: [...this.path], shape, found, beside: [] });
  }

  private miss(key: string, shape: AnyShape, beside: readonly string[]): void {
    this.faults.push({ path: [...this.path, key], shape, found: undefined, beside });
  }

  private suggest(unknown: readonly string[], properties: Properties, known: Json): void {
    const absent: string[] = [];
    for (const name in properties) if (known[name] === undefined) absent.push(name);
    for (const key of unknown) {
      const near = nearest(key, absent);
      if (near === undefined) continue;
      this.warnings.push(
        `${written([...this.path, key])}: no such key; did you mean ${JSON.stringify(near)}?`,
      );
    }
  }
}

const ownCopy = (usual: unknown): unknown => (typeof usual === "object" ? structuredClone(usual) : usual);

/** The values of `found` under the keys that `properties` names, in its spelling, and the keys that it does not name. */
function sorted(properties: Properties, found: Json) {
  const known: Record<string, unknown> = {};
  const unknown: string[] = [];
  for (const key in found) {
    const name = Object.hasOwn(properties, key) ? key : respelled(key, properties);
    if (name === undefined) {
      // Assigning to this one would replace the result's prototype.
      if (key !== "__proto__") unknown.push(key);
    } else if (found[key] !== null) known[name] = found[key];
  }
  return { known, unknown };
}

function respelled(key: string, properties: Properties): string | undefined {
  const lower = key.toLowerCase();
  for (const name in properties) {
    if (name.length === key.length && name.toLowerCase() === lower) return name;
  }
  return undefined;
}

const isObject = (found: unknown): found is Json =>
  typeof found === "object" && found !== null && !Array.isArray(found);

function isText(shape: TextShape, found: string): boolean {
  if (shape.enum !== undefined && !shape.enum.includes(found)) return false;
  if (shape.format !== undefined && !formats[shape.format](found)) return false;
  return shape.pattern === undefined || new RegExp(shape.pattern).test(found);
}

function isInteger({ minimum = -Infinity, maximum = Infinity }: IntegerShape, found: unknown): boolean {
  return Number.isSafeInteger(found) && (found as number) >= minimum && (found as number) <= maximum;
}
