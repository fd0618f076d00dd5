/** `sbr`: source based routing, so that what an interface's address sends leaves by that interface. */
import { KernelError } from "../../../../netlink/errors.ts";
import { listRules } from "../../../../netlink/route/rules.ts";
import { familyOf } from "../../../../netlink/wire/address.ts";
import { withoutPrefix } from "../../../../netlink/wire/cidr.ts";
import { removes } from "../../../cni/commands.ts";
import { configured } from "../../../cni/config/configure.ts";
import { ConfigError } from "../../../cni/config/error.ts";
import { CniError, codes } from "../../../cni/error.ts";
import type { Call, Plugin } from "../../../cni/plugin.ts";
import type { IpConfig, Result } from "../../../cni/result.ts";
import { identityOf } from "../../../names.ts";
import {
  attachToChain,
  type Chained,
  compareInChain,
  detachFromChain,
} from "../../../plan/attaching/chain.ts";
import { previousAddresses } from "../../../plan/attaching/previous.ts";
import { withNextHops } from "../../../plan/interface.ts";
import { routesBy } from "../../../plan/moved-routes.ts";
import type { Plan } from "../../../plan/resource.ts";
import { MAIN } from "../../../plan/routes.ts";
import { Side } from "../../../plan/side.ts";
import { containerIndex } from "../../../plan/veth.ts";
import { leftMain, type Source, sourceHint, sourceRoutes, staysWithHints } from "./routes.ts";
import { leftRules, sourceRule, tablesOf } from "./rules.ts";
import { shapeOfSbr } from "./schema.ts" with { type: "macro" };
import type { Sbr } from "./schema.ts";
import { freeTables } from "./tables.ts";

/** @throws ConfigError when a family has two */
function checkGateways({ gateways = [] }: Sbr): void {
  const families = gateways.map(familyOf);
  if (new Set(families).size === families.length) return;
  const problem = `${gateways.join(" and ")} are of one family`;
  throw new ConfigError([{ path: "gateways", problem, hint: "give one gateway of each family" }]);
}

/** The interface's addresses, with the gateways that their default routes are to have. @throws CniError without any */
function addressesOf({ config, ifname }: Call<Sbr>, previous: Result): IpConfig[] {
  const ips = previousAddresses(previous, ifname);
  if (ips.length === 0) {
    throw new CniError({
      code: codes.failed,
      operation: "route by the addresses of",
      subject: ifname,
      cause: "the result of the plugins before has none",
      hint: 'the plugin before needs an "ipam" that gives addresses',
    });
  }
  return ips.map((ip) => {
    const fixed = config.gateways?.find((gateway) => familyOf(gateway) === familyOf(ip.address));
    return fixed === undefined ? ip : { ...ip, gateway: fixed };
  });
}

/** The table of each address: for ADD a free one, for CHECK the one that a rule leads to. */
function tablesFor(call: Call<Sbr>, container: Side, ips: readonly IpConfig[]): (number | undefined)[] {
  if (call.command === "ADD") return freeTables(container, ips.length);
  const rules = container.route.list(listRules());
  const index = containerIndex(container, call.ifname);
  return ips.map(({ address }) => {
    const tables = tablesOf(rules, withoutPrefix(address));
    // Another interface may have the same address, and a rule of its own.
    return tables.find((table) => routesBy(container, index, table).length > 0) ?? tables[0];
  });
}

function standing(call: Call<Sbr>, container: Side, previous: Result): Plan {
  const { config, command, ifname } = call;
  const ips = addressesOf(call, previous);
  const { table, addSourceHints } = config;
  if (table !== undefined) {
    return ips.map(({ address }) => sourceRule(container, withoutPrefix(address), table));
  }
  const tables = tablesFor(call, container, ips);
  const sources: Source[] = ips.map((ip, nth) => ({ ip, table: tables[nth] }));
  const options = {
    ifname,
    sources,
    routes: withNextHops(previous.routes, previousAddresses(previous, ifname)),
    before: command === "ADD" ? routesBy(container, containerIndex(container, ifname), MAIN) : [],
  };
  return [
    ...sources.flatMap((source) => [
      sourceRule(container, withoutPrefix(source.ip.address), source.table),
      sourceRoutes(container, source, options),
    ]),
    ...(addSourceHints ? sources.map((source) => sourceHint(container, source, options)) : []),
    leftMain(container, options, addSourceHints ? staysWithHints(sources) : () => false),
  ];
}

const chained = (call: Call<Sbr>): Chained => ({
  request: call,
  entersContainer: true,
  plan({ container }, previous) {
    if (container === undefined) return [];
    if (removes(call.command)) {
      const { config, ifname } = call;
      const addresses = previousAddresses(previous, ifname).map(({ address }) => withoutPrefix(address));
      return [leftRules(container, { ifname, addresses, table: config.table })];
    }
    if (call.command === "ADD") container.takeTurn();
    return standing(call, container, previous!);
  },
});

/** What an ADD finds in the kernel that can route by source. @throws CniError with code 50 without it */
function kernelReady({ open }: Call<Sbr>): void {
  using container = new Side("container", undefined, open);
  try {
    container.route.list(listRules({ family: "inet" }));
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    throw new CniError({
      code: codes.notAvailable,
      operation: "route by source",
      cause: "this kernel has no routing rules",
      hint: "it has to be built with IP_MULTIPLE_TABLES and IPV6_MULTIPLE_TABLES",
      details: error.message,
    });
  }
}

export const plugin: Plugin<Sbr> = {
  ...identityOf("sbr"),
  configure: configured(() => shapeOfSbr()),
  add(call) {
    checkGateways(call.config);
    return attachToChain(chained(call));
  },
  del: (call) => detachFromChain(chained(call)),
  check: (call) => compareInChain(chained(call)),
  // All that there is, is in the containers, and goes with them.
  gc() {},
  status(call) {
    checkGateways(call.config);
    kernelReady(call);
  },
};
