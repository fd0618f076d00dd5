/** The rows of an attribute table, each with the kernel's number and the codec of its payload, and the type they make. */
import type { NestedFlag } from "./attribute.ts";
import type { Codec, Infer, InferInput } from "./codec.ts";

/** One row of an attribute table. */
export interface Row<Out, In = Out> {
  readonly number: number;
  readonly codec: Codec<Out, In>;
  readonly nestedFlag: NestedFlag;
  /** Set when the attribute may occur more than once; its value is then an array of what the codec reads. */
  readonly repeated: boolean;
}

/** A row whose codec depends on what another attribute of the same set says. */
export interface KindRow<Given extends string, Kinds extends Readonly<Record<string, Codec<unknown>>>> {
  readonly number: number;
  readonly nestedFlag: NestedFlag;
  readonly repeated: false;
  readonly given: Given;
  readonly kinds: Kinds;
}

export type AnyRow = Row<unknown> | KindRow<string, Readonly<Record<string, Codec<unknown>>>>;
export type Rows = Readonly<Record<string, AnyRow>>;

/**
 * A table, or a function that makes it at first use. The tables of this library are functions: a program's one call uses
 * a few of their thousand rows, and to make all of them at import took 0.9 ms.
 */
export type Lazy<R extends Rows> = R | (() => R);

/** An attribute with this number and payload. */
export const attr = <Out, In = Out>(number: number, codec: Codec<Out, In>): Row<Out, In> => ({
  number,
  codec,
  nestedFlag: "never",
  repeated: false,
});

/** An attribute that holds attributes and says so in its header. */
export const nest = <Out, In = Out>(
  number: number,
  codec: Codec<Out, In>,
  nestedFlag: NestedFlag = "always",
): Row<Out, In> => ({ number, codec, nestedFlag, repeated: false });

/** An attribute that may occur many times; the value is an array. */
export const repeated = <Out, In = Out>(
  number: number,
  codec: Codec<Out, In>,
  nestedFlag: NestedFlag = "never",
): Row<readonly Out[], readonly In[]> =>
  ({ number, codec, nestedFlag, repeated: true }) as unknown as Row<readonly Out[], readonly In[]>;

/** An attribute whose payload is that of `kinds[given]`, where `given` is another attribute that comes before it. */
export const byKind = <
  const Given extends string,
  const Kinds extends Readonly<Record<string, Codec<unknown>>>,
>(
  number: number,
  given: Given,
  kinds: Kinds,
  nestedFlag: NestedFlag = "never",
): KindRow<Given, Kinds> => ({ number, nestedFlag, repeated: false, given, kinds });

/**
 * `kind` as a name that the table of kinds does not have. The type says `undefined` because TypeScript tells the members
 * of a union apart by literals only: a name that is not among them would end the telling apart for all. Reading keeps
 * such a name as well, and its data among the unknown attributes.
 */
export const otherKind = (kind: string): undefined => kind as unknown as undefined;

/** The key under which attributes without a row are kept. */
export const unknown: unique symbol = Symbol("unknown attributes");

/** An attribute as it came, for want of a row. */
export interface UnknownAttribute {
  /** The kernel's number, with the two flag bits as they came. */
  readonly type: number;
  readonly bytes: Uint8Array;
  /** How many keys of the same object stood before it: attributes, and a message's header. */
  readonly after: number;
}

type Side = "out" | "in";
type Payload<C, S extends Side> = S extends "out" ? Infer<C> : InferInput<C>;
type RowValue<R, S extends Side> = R extends Row<infer Out, infer In> ? (S extends "out" ? Out : In) : never;

type KindKeys<R extends Rows> = {
  [K in keyof R]: R[K] extends KindRow<string, never> | { given: string } ? K : never;
}[keyof R];
type GivenKeys<R extends Rows> = { [K in keyof R]: R[K] extends { given: infer G } ? G : never }[keyof R];
type PlainKeys<R extends Rows> = Exclude<keyof R, KindKeys<R> | GivenKeys<R>>;

type Arms<D extends PropertyKey, Row, S extends Side> = Row extends {
  given: infer G extends string;
  kinds: infer Kinds;
}
  ?
      | { [K in keyof Kinds]: { [g in G]: K } & { [d in D]?: Payload<Kinds[K], S> | undefined } }[keyof Kinds]
      | ({ [g in G]?: undefined } & { [d in D]?: undefined })
  : never;

type Intersect<U> = (U extends unknown ? (each: U) => void : never) extends (all: infer I) => void
  ? I
  : never;
type Boxed<T> = { boxed: T };
type KindArms<R extends Rows, S extends Side> = [KindKeys<R>] extends [never]
  ? unknown
  : Intersect<{ [D in KindKeys<R>]: Boxed<Arms<D, R[D], S>> }[KindKeys<R>]> extends Boxed<infer All>
    ? All
    : never;

/** What an attribute set with the rows `R` looks like. */
export type AttrsValue<R extends Rows, S extends Side = "out"> = {
  -readonly [K in PlainKeys<R>]?: RowValue<R[K], S> | undefined;
} & { [unknown]?: readonly UnknownAttribute[] | undefined } & KindArms<R, S>;
