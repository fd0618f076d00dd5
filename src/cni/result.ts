/** What an ADD gives: one form inside the program, any version's form outside. */
import { CniError, codes } from "./error.ts";
import { JsonObject, printJson } from "./json.ts";
import { readShape } from "./result-read.ts";
import { shapeOf } from "./result-shape.ts";
import { oldestVersion, type ResultFamily, resultFamily, specVersions } from "./versions.ts";

/** A result in the form of specification 1.1.0, in which every list is there. */
export interface Result {
  readonly interfaces: readonly Interface[];
  readonly ips: readonly IpConfig[];
  readonly routes: readonly Route[];
  readonly dns: Dns;
}

/** An interface that the attachment has, in the host or in the container. */
export interface Interface {
  readonly name: string;
  /** Lower case with colons. */
  readonly mac?: string | undefined;
  /** Bytes. */
  readonly mtu?: number | undefined;
  /** `CNI_NETNS` exactly as passed; absent for an interface of the host. */
  readonly sandbox?: string | undefined;
  readonly socketPath?: string | undefined;
  readonly pciID?: string | undefined;
}

/** An address that the attachment has. */
export interface IpConfig {
  /** Index into the result's `interfaces`. */
  readonly interface?: number | undefined;
  /** The address with the prefix length of its network: `10.1.2.3/24`. */
  readonly address: string;
  readonly gateway?: string | undefined;
}

/** A route inside the container. */
export interface Route {
  /** Destination with prefix length. */
  readonly dst: string;
  readonly gw?: string | undefined;
  /** Bytes; 0 is the same as absent. */
  readonly mtu?: number | undefined;
  /** Bytes; 0 is the same as absent. */
  readonly advmss?: number | undefined;
  /** The route's metric; 0 is the same as absent. */
  readonly priority?: number | undefined;
  readonly table?: number | undefined;
  /** 0 universe, 253 link, 254 host (rtnetlink(7), rtm_scope). */
  readonly scope?: number | undefined;
}

/** Resolver settings, as in resolv.conf(5). */
export interface Dns {
  readonly nameservers?: readonly string[] | undefined;
  readonly domain?: string | undefined;
  readonly search?: readonly string[] | undefined;
  readonly options?: readonly string[] | undefined;
}

/** A result with nothing in it. */
export const emptyResult: Result = { interfaces: [], ips: [], routes: [], dns: {} };

function familyOfVersion(version: string, subject: string): ResultFamily {
  const family = resultFamily(version);
  if (family !== undefined) return family;
  throw new CniError({
    code: codes.decodeFailure,
    operation: "read",
    subject,
    cause: `there is no CNI version ${JSON.stringify(version)}`,
    hint: `known are ${specVersions.join(", ")}`,
  });
}

/**
 * The result that a delegate printed, by the rules of the version that it names.
 * @param configVersion the version of a result that names none
 * @param path what the result is in messages
 * @throws CniError with code 6 when the JSON is not a result of that version
 */
export function parseResult(json: unknown, configVersion: string, path = "result"): Result {
  const object = new JsonObject(json, path);
  const version = object.text("cniVersion") || configVersion || oldestVersion;
  return readShape[familyOfVersion(version, `${path}.cniVersion`)](object);
}

/**
 * The result of the plugins before this one, by the rules of the configuration's version; the version that it names
 * has to have the same shape.
 * @throws CniError with code 6 when it has another one, or is not such a result
 */
export function parsePrevResult(json: unknown, configVersion: string): Result {
  const path = "prevResult";
  const object = new JsonObject(json, path);
  const version = object.text("cniVersion") || configVersion || oldestVersion;
  const family = familyOfVersion(configVersion || oldestVersion, "cniVersion");
  if (familyOfVersion(version, `${path}.cniVersion`) !== family) {
    throw new CniError({
      code: codes.decodeFailure,
      operation: "read",
      subject: path,
      cause: `it is a result of version ${version}, which the configuration's ${configVersion} cannot hold`,
      hint: "give all plugins of a list one cniVersion",
    });
  }
  return readShape[family](object);
}

/**
 * The JSON of a result in the form of a version, members in the reference's order.
 * @throws CniError when the version's form cannot say it: 0.1.0 and 0.2.0 need an address
 */
export function resultFor(version: string, result: Result): Record<string, unknown> {
  const target = version || oldestVersion;
  return { cniVersion: target, ...shapeOf[familyOfVersion(target, "cniVersion")](result) };
}

/** The text that a runtime reads: `resultFor`, indented by four spaces, no newline at its end. */
export function printResult(version: string, result: Result): string {
  return printJson(resultFor(version, result));
}
