/** Shaping results: the one form inside the program to the JSON of each family of versions. */
import { familyOf } from "../../netlink/wire/address.ts";
import { CniError, codes } from "./error.ts";
import type { Dns, Result, Route } from "./result.ts";
import type { ResultFamily } from "./versions.ts";

type Json = Record<string, unknown>;

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === "" || (Array.isArray(value) && value.length === 0);

/** The members of `from` that `keys` name, in their order, without those that are absent or empty. */
function pick<From extends object>(from: From, ...keys: (keyof From & string)[]): Json {
  const picked: Json = {};
  for (const key of keys) if (!isEmpty(from[key])) picked[key] = from[key];
  return picked;
}

/** 0 stands for "not set" in these; in `table` and `scope` it is a value. */
function shapeRoute(route: Route): Json {
  const { mtu, advmss, priority } = route;
  const set = {
    ...route,
    mtu: mtu || undefined,
    advmss: advmss || undefined,
    priority: priority || undefined,
  };
  return pick(set, "dst", "gw", "mtu", "advmss", "priority", "table", "scope");
}

const shapeDns = (dns: Dns): Json => pick(dns, "nameservers", "domain", "search", "options");

/** 0.3 and 0.4: an address says its version, an interface has three members, `dns` is always there. */
function shapeVersionedLists(result: Result): Json {
  const lists = {
    interfaces: result.interfaces.map((link) => pick(link, "name", "mac", "sandbox")),
    ips: result.ips.map((ip) => ({
      version: String(familyOf(ip.address)),
      ...pick(ip, "interface", "address", "gateway"),
    })),
    routes: result.routes.map(shapeRoute),
  };
  return { ...pick(lists, "interfaces", "ips", "routes"), dns: shapeDns(result.dns) };
}

/** 1.x: members in alphabetical order at every level, and `dns` only when it says something. */
function shapeLists(result: Result): Json {
  const dns = pick(result.dns, "domain", "nameservers", "options", "search");
  const lists = {
    dns: Object.keys(dns).length > 0 ? dns : undefined,
    interfaces: result.interfaces.map((link) =>
      pick({ ...link, mtu: link.mtu || undefined }, "mac", "mtu", "name", "pciID", "sandbox", "socketPath"),
    ),
    ips: result.ips.map((ip) => pick(ip, "address", "gateway", "interface")),
    routes: result.routes.map((route) => {
      const shaped = shapeRoute(route);
      return pick(shaped, ...Object.keys(shaped).sort());
    }),
  };
  return pick(lists, "dns", "interfaces", "ips", "routes");
}

/** The first address of a family with the family's routes, of which only destination and gateway can be said. */
function shapeSingleIp(result: Result, family: 4 | 6): Json | undefined {
  const ip = result.ips.find((candidate) => familyOf(candidate.address) === family);
  if (ip === undefined) return undefined;
  const routes = result.routes
    .filter((route) => familyOf(route.dst) === family)
    .map((route) => pick(route, "dst", "gw"));
  return pick({ ip: ip.address, gateway: ip.gateway, routes }, "ip", "gateway", "routes");
}

/** 0.1.0 and 0.2.0: one address of each family at most, one at least, and no interfaces. */
function shapeIp4AndIp6(result: Result): Json {
  const singles = { ip4: shapeSingleIp(result, 4), ip6: shapeSingleIp(result, 6) };
  if (singles.ip4 === undefined && singles.ip6 === undefined) {
    throw new CniError({
      code: codes.failed,
      operation: "give the result in the form of CNI 0.1.0 and 0.2.0",
      cause: "that form needs an address, and the interface has none",
      hint: "set cniVersion to 0.3.1 or later, or configure ipam",
    });
  }
  return { ...pick(singles, "ip4", "ip6"), dns: shapeDns(result.dns) };
}

/** The shape of each family, without `cniVersion`. */
export const shapeOf: Record<ResultFamily, (result: Result) => Json> = {
  "02x": shapeIp4AndIp6,
  "04x": shapeVersionedLists,
  "1x": shapeLists,
};
