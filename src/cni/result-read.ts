/** Reading results: the JSON of each family of versions to the one form inside the program. */
import { NetlinkError } from "../../netlink/errors.ts";
import { canonicalAddress, canonicalCidr } from "./address.ts";
import { CniError, codes } from "./error.ts";
import { JsonObject, readText } from "./json.ts";
import type { Dns, Interface, IpConfig, Result, Route } from "./result.ts";
import type { ResultFamily } from "./versions.ts";

/** A reader of text in a form that `canonical` knows. */
function reader(canonical: (text: string) => string) {
  return (value: unknown, path: string): string => {
    const text = readText(value, path);
    try {
      return canonical(text);
    } catch (cause) {
      if (!(cause instanceof NetlinkError)) throw cause;
      const failure = { code: codes.decodeFailure, operation: "read", subject: path, cause: cause.message };
      throw new CniError(failure, { cause });
    }
  };
}

const cidr = reader(canonicalCidr);
const address = reader(canonicalAddress);
/** A gateway; empty text means none. */
const gateway = (value: unknown, path: string) => (value === "" ? undefined : address(value, path));

function readInterface(json: unknown, path: string): Interface {
  const link = new JsonObject(json, path);
  return {
    name: link.text("name") ?? "",
    mac: link.text("mac"),
    mtu: link.integer("mtu"),
    sandbox: link.text("sandbox"),
    socketPath: link.text("socketPath"),
    pciID: link.text("pciID"),
  };
}

function readIp(json: unknown, path: string): IpConfig {
  const ip = new JsonObject(json, path);
  return {
    interface: ip.integer("interface"),
    address: ip.required("address", cidr),
    gateway: ip.optional("gateway", gateway),
  };
}

function readRoute(json: unknown, path: string): Route {
  const route = new JsonObject(json, path);
  return {
    dst: route.required("dst", cidr),
    gw: route.optional("gw", gateway),
    mtu: route.integer("mtu"),
    advmss: route.integer("advmss"),
    priority: route.integer("priority"),
    table: route.integer("table"),
    scope: route.integer("scope"),
  };
}

function readDns(json: unknown, path: string): Dns {
  const dns = new JsonObject(json, path);
  return {
    nameservers: dns.list("nameservers", readText),
    domain: dns.text("domain"),
    search: dns.list("search", readText),
    options: dns.list("options", readText),
  };
}

/** 0.3.0 and later. An address's `version` (0.3, 0.4) says nothing that the address does not. */
function readLists(result: JsonObject): Result {
  return {
    interfaces: result.list("interfaces", readInterface),
    ips: result.list("ips", readIp),
    routes: result.list("routes", readRoute),
    dns: result.optional("dns", readDns) ?? {},
  };
}

/** One of `ip4` and `ip6`. */
function readSingleIp(json: unknown, path: string): { ip: IpConfig; routes: Route[] } {
  const single = new JsonObject(json, path);
  return {
    ip: { address: single.required("ip", cidr), gateway: single.optional("gateway", gateway) },
    routes: single.list("routes", readRoute),
  };
}

/** 0.1.0 and 0.2.0: at most one address of a family, each with routes of its own. */
function readIp4AndIp6(result: JsonObject): Result {
  const singles = ["ip4", "ip6"].flatMap((key) => result.optional(key, readSingleIp) ?? []);
  return {
    interfaces: [],
    ips: singles.map((single) => single.ip),
    routes: singles.flatMap((single) => single.routes),
    dns: result.optional("dns", readDns) ?? {},
  };
}

/** The reader of each family; throws CniError with code 6 that names the place. */
export const readShape: Record<ResultFamily, (result: JsonObject) => Result> = {
  "02x": readIp4AndIp6,
  "04x": readLists,
  "1x": readLists,
};
