/** What a shape is: the part of JSON Schema (draft 2020-12) that the running check knows, with two words of our own. */
import type { Format } from "./formats.ts";

interface Common {
  /** Stands in for an absent key. */
  readonly default?: unknown;
  /** An empty string means the key is absent. */
  readonly blank?: true;
  /** What is wanted, where the rest of the shape does not say it well: `an IP address such as 10.1.0.1`. */
  readonly wanted?: string;
}

export interface ObjectShape extends Common {
  readonly type: "object";
  readonly properties?: Readonly<Record<string, AnyShape>>;
  readonly required?: readonly string[];
  /** The shape of each value under a key that `properties` does not name. */
  readonly additionalProperties?: AnyShape;
}

export interface ListShape extends Common {
  readonly type: "array";
  readonly items: AnyShape;
  readonly minItems?: number;
}

export interface TextShape extends Common {
  readonly type: "string";
  /** It is read in lower case. */
  readonly lower?: true;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly format?: Format;
}

export interface IntegerShape extends Common {
  readonly type: "integer";
  readonly minimum?: number;
  readonly maximum?: number;
}

interface BooleanShape extends Common {
  readonly type: "boolean";
}

export interface ChoiceShape extends Common {
  readonly anyOf: readonly AnyShape[];
}

/** Takes any value. */
interface FreeShape extends Common {
  readonly type?: never;
}

/** A shape of any kind, in the words of JSON Schema (draft 2020-12) and `Common`'s own. */
export type AnyShape =
  | ObjectShape
  | ListShape
  | TextShape
  | IntegerShape
  | BooleanShape
  | ChoiceShape
  | FreeShape;

declare const described: unique symbol;

/** The shape of a `T`. */
export type Shape<T> = AnyShape & { readonly [described]?: T };
