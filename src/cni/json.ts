/** JSON as the reference plugins take and print it: keys in any letter case, null is absent, `<` is escaped. */
import { CniError, codes } from "./error.ts";

/** What would end a script inside HTML, or a line of JavaScript. */
const ESCAPED = ["<", ">", "&", "\u2028", "\u2029"];

/** The text of a value, indented by four spaces, no newline at its end, and safe inside HTML. */
export function printJson(value: unknown, indent = 4): string {
  let text = JSON.stringify(value, null, indent);
  for (const character of ESCAPED)
    text = text.replaceAll(character, `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return text;
}

/** Lists and objects inside each other. Configurations and results have ten; thousands break what goes through them. */
const DEEPEST = 100;

/** Whether lists and objects are inside each other further than `depth`. */
const isDeeper = (value: unknown, depth: number): boolean =>
  typeof value === "object" &&
  value !== null &&
  (depth === 0 || Object.values(value).some((inner) => isDeeper(inner, depth - 1)));

const unreadable = (subject: string, cause: string, options?: ErrorOptions): CniError =>
  new CniError({ code: codes.decodeFailure, operation: "read", subject, cause }, options);

/** The value of JSON text. @throws CniError with code 6 that names `subject` when it is none, or nested too deep */
export function parseJson(text: string, subject: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const said = text.trim() === "" ? "it is empty" : `it is not JSON: ${(cause as Error).message}`;
    throw unreadable(subject, said, { cause });
  }
  if (isDeeper(value, DEEPEST))
    throw unreadable(subject, `more than ${DEEPEST} lists and objects are inside each other`);
  return value;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return "text";
  if (typeof value === "boolean") return "true or false";
  return value === null ? "null" : typeof value === "object" ? "an object" : `the number ${value}`;
}

/** The error of a value of the wrong kind, which names its place. */
export function misfit(path: string, wanted: string, value: unknown): CniError {
  return new CniError({
    code: codes.decodeFailure,
    operation: "read",
    subject: path || "the network configuration",
    cause: `${wanted} is needed here, not ${kindOf(value)}`,
  });
}

/** An object out of decoded JSON whose members are read by kind; each reader throws CniError with code 6. */
export class JsonObject {
  readonly #names = new Set<string>();
  readonly #members = new Map<string, unknown>();

  /** @param path what the object is in messages: `prevResult.ips[0]` */
  constructor(
    json: unknown,
    readonly path: string,
  ) {
    if (typeof json !== "object" || json === null || Array.isArray(json))
      throw misfit(path, "an object", json);
    for (const [key, value] of Object.entries(json)) {
      this.#names.add(key.toLowerCase());
      if (value !== null) this.#members.set(key.toLowerCase(), value);
    }
  }

  /** Whether a member is there, be it null. */
  has(key: string): boolean {
    return this.#names.has(key.toLowerCase());
  }

  /** The path of a member, for messages. */
  at(key: string): string {
    return this.path === "" ? key : `${this.path}.${key}`;
  }

  /** A member as it came; nothing when it is absent or null. Of two spellings the later one counts. */
  value(key: string): unknown {
    return this.#members.get(key.toLowerCase());
  }

  text(key: string): string | undefined {
    const value = this.value(key);
    if (value !== undefined && typeof value !== "string") throw misfit(this.at(key), "text", value);
    return value;
  }

  integer(key: string): number | undefined {
    const value = this.value(key);
    if (value !== undefined && !Number.isSafeInteger(value))
      throw misfit(this.at(key), "a whole number", value);
    return value as number | undefined;
  }

  /** What `read` makes of each item of a list; empty when the list is absent. */
  list<Item>(key: string, read: (item: unknown, path: string) => Item): Item[] {
    const value = this.value(key) ?? [];
    if (!Array.isArray(value)) throw misfit(this.at(key), "a list", value);
    return value.map((item, index) => read(item, `${this.at(key)}[${index}]`));
  }

  /** What `read` makes of a member, or nothing when it is absent. */
  optional<Value>(key: string, read: (value: unknown, path: string) => Value): Value | undefined {
    const value = this.value(key);
    return value === undefined ? undefined : read(value, this.at(key));
  }

  /** What `read` makes of a member that must be there. */
  required<Value>(key: string, read: (value: unknown, path: string) => Value): Value {
    return read(this.value(key) ?? null, this.at(key));
  }
}

/** A value that must be text; for `JsonObject.list` and `required`. */
export function readText(value: unknown, path: string): string {
  if (typeof value !== "string") throw misfit(path, "text", value);
  return value;
}
