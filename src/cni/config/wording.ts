/** Makes sentences of what a check found wrong; loaded with the check, run only when something is. */
import type { Fault } from "./check.ts";
import type { Problem } from "./error.ts";
import { nearest } from "./nearest.ts";
import type { AnyShape, IntegerShape } from "./shape-types.ts";

/** Keys and positions, outermost first. */
export type Path = readonly (string | number)[];

/** What a person reads of a fault. */
export function problemOf({ path, shape, found, beside }: Fault): Problem {
  const wanted = wantedBy(shape);
  const problem =
    found === undefined ? `missing; wanted ${wanted}` : `wanted ${wanted}, found ${shown(found)}`;
  const hint = found === undefined ? mistyped(path.at(-1) as string, beside) : advice(shape, found);
  return { path: written(path), problem, ...(hint && { hint }) };
}

/** A path as a person would write it: `ipam.ranges[0][0].subnet`. */
export function written(path: Path): string {
  let text = "";
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else if (!/^[\w-]+$/.test(key)) text += `[${JSON.stringify(key)}]`;
    else text += text === "" ? key : `.${key}`;
  }
  return text;
}

function mistyped(key: string, beside: readonly string[]): string | undefined {
  const near = nearest(key, beside);
  return near && `did you mean it by ${JSON.stringify(near)}?`;
}

const LONGEST_SHOWN = 80;

function shown(found: unknown): string {
  const text = JSON.stringify(found);
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}

function wantedBy(shape: AnyShape): string {
  if (shape.wanted !== undefined) return shape.wanted;
  if ("anyOf" in shape) return shape.anyOf.map(wantedBy).join(" or ");
  switch (shape.type) {
    case "object":
      return "an object";
    case "array":
      return shape.minItems === undefined ? "a list" : `a list of at least ${shape.minItems}`;
    case "string":
      return shape.enum === undefined ? "a string" : shape.enum.map((word) => `"${word}"`).join(" or ");
    case "integer":
      return `an integer${wantedBounds(shape)}`;
    case "boolean":
      return "true or false";
    default:
      return "any value";
  }
}

function wantedBounds({ minimum, maximum }: IntegerShape): string {
  if (minimum === undefined) return maximum === undefined ? "" : ` up to ${maximum}`;
  return maximum === undefined ? ` from ${minimum}` : ` from ${minimum} to ${maximum}`;
}

/** What to do about a value of the wrong type, or a word that is nearly right. */
function advice(shape: AnyShape, found: unknown): string | undefined {
  if ("anyOf" in shape) return undefined;
  switch (shape.type) {
    case "string": {
      if (typeof found === "number" || typeof found === "boolean") return "put it in quotes";
      const near = typeof found === "string" ? nearest(found, shape.enum ?? []) : undefined;
      return near && `did you mean ${JSON.stringify(near)}?`;
    }
    case "array":
      return Array.isArray(found) ? undefined : "put it in brackets: [ ]";
    case "boolean":
      return found === "true" || found === "false" ? "remove the quotes" : undefined;
    case "integer":
      return typeof found === "string" && /^-?\d+$/.test(found) ? "remove the quotes" : undefined;
    default:
      return undefined;
  }
}
