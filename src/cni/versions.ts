/** The versions of the CNI specification, the shape of result each uses, and how versions compare. */
import { CniError, codes } from "./error.ts";

/**
 * The shapes a result has had: `ip4` and `ip6` (0.1, 0.2), lists whose addresses carry a `version` (0.3, 0.4), and
 * lists whose addresses do not (1.x).
 */
export type ResultFamily = "02x" | "04x" | "1x";

const families = {
  "0.1.0": "02x",
  "0.2.0": "02x",
  "0.3.0": "04x",
  "0.3.1": "04x",
  "0.4.0": "04x",
  "1.0.0": "1x",
  "1.1.0": "1x",
} as const satisfies Record<string, ResultFamily>;

/** A version of the specification that this program speaks. */
export type SpecVersion = keyof typeof families;

/** Every version of the specification that this program speaks, oldest first. */
export const specVersions = Object.keys(families) as readonly SpecVersion[];

/** The version whose shape results have inside the program. */
export const currentVersion: SpecVersion = "1.1.0";

/** The version that a configuration without `cniVersion`, or with an empty one, asks for. */
export const oldestVersion: SpecVersion = "0.1.0";

/** The shape of a version's results, or nothing when the version is unknown. */
export function resultFamily(version: string): ResultFamily | undefined {
  return Object.hasOwn(families, version) ? families[version as SpecVersion] : undefined;
}

/** The known versions from `first` on: what a plugin supports that came with it. */
export function versionsSince(first: SpecVersion): readonly SpecVersion[] {
  return specVersions.slice(specVersions.indexOf(first));
}

/** The three numbers of a version; missing ones are 0. @throws CniError with code 6 when `text` is malformed */
function parseVersion(text: string): number[] {
  const parts = (text || oldestVersion).split(".");
  if (parts.length > 3 || !parts.every((part) => /^[+-]?\d+$/.test(part))) {
    throw new CniError({
      code: codes.decodeFailure,
      operation: "read cniVersion",
      subject: JSON.stringify(text),
      cause: "is not up to three numbers with dots between",
      hint: `write one of ${specVersions.join(", ")}`,
    });
  }
  return [0, 1, 2].map((index) => Number(parts[index] ?? 0));
}

/**
 * Below 0 when `left` is the older version, 0 when they are equal, above 0 when it is the newer one.
 * @throws CniError with code 6 when one is malformed
 */
export function compareVersions(left: string, right: string): number {
  const other = parseVersion(right);
  const differences = parseVersion(left).map((part, index) => part - other[index]!);
  return differences.find((difference) => difference !== 0) ?? 0;
}
