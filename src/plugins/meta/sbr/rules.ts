/** Rules that send what has an address as its source to a table. */
import { KernelError } from "../../../../netlink/errors.ts";
import { listAddresses } from "../../../../netlink/route/addresses.ts";
import { getLinkSummary } from "../../../../netlink/route/links.ts";
import { bitsOfAddress } from "../../../../netlink/route/names.ts";
import { listRoutes } from "../../../../netlink/route/routes.ts";
import { addRule, deleteRule, listRules, type Rule } from "../../../../netlink/route/rules.ts";
import { CniError } from "../../../cni/error.ts";
import { explain } from "../../../cni/explain.ts";
import { onlyRemoved, type Resource, undoable } from "../../../plan/resource.ts";
import type { Side } from "../../../plan/side.ts";
import { numberOf } from "./tables.ts";

/** The tables to which rules send what comes from an address, in the order in which the kernel asks them. */
export const tablesOf = (rules: readonly Rule[], address: string): number[] =>
  rules
    .filter(
      ({ src, srcLen, table }) => src === address && srcLen === bitsOfAddress(address) && table !== undefined,
    )
    .map(({ table }) => numberOf(table!));

/** What to do about a rule that the kernel does not take: it has none at all. */
const HINT =
  "the kernel needs IP_MULTIPLE_TABLES, for IPv6 IPV6_MULTIPLE_TABLES; STATUS says whether it has them";

function explained(refusal: KernelError, address: string, table: number): CniError {
  const subject = `from ${address} lookup ${table}`;
  const { failure } = explain(refusal);
  return new CniError({ ...failure, operation: "make the rule", subject, hint: HINT }, { cause: refusal });
}

/** What has `address` as its source looks in `table`; undefined where no rule says so that could tell which. */
export const sourceRule = (container: Side, address: string, table: number | undefined): Resource => {
  const remove = (): void => {
    const [refusal] = container.route.attempt([deleteRule({ src: address, table: table! })]);
    if (refusal !== undefined && refusal.code !== "ENOENT") throw refusal;
  };
  return {
    describe: () => `rule from ${address}`,
    ensure: () =>
      undoable(() => {
        try {
          container.route.do(addRule({ src: address, table: table! }));
        } catch (error) {
          throw error instanceof KernelError ? explained(error, address, table!) : error;
        }
      }, remove),
    check() {
      const found = tablesOf(container.route.list(listRules()), address);
      if (found.length === 0) return ["it is not there"];
      return table === undefined || found.includes(table)
        ? []
        : [`it leads to table ${found.join(" and ")}, not ${table}`];
    },
    remove,
  };
};

interface LeftRules {
  readonly ifname: string;
  /** Addresses that the interface had, as far as the runtime knows. */
  readonly addresses: readonly string[];
  /** The only table that is meant, when the configuration names one. */
  readonly table: number | undefined;
}

const addressesOn = (container: Side, index: number): string[] =>
  container.route.list(listAddresses({ index })).flatMap(({ local, address }) => local ?? address ?? []);

/** The tables that have routes by other links: a rule of an address that two interfaces have may be the other's. */
function tablesOfOthers(container: Side, index: number | undefined): Set<number> {
  const others = container.route.list(listRoutes()).filter(({ oif }) => oif !== undefined && oif !== index);
  return new Set(others.map(({ table = "unspec" }) => numberOf(table)));
}

/** What is left of the rules when the interface goes: to be removed, whether or not it is still there. */
export const leftRules = (container: Side, { ifname, addresses, table }: LeftRules): Resource =>
  onlyRemoved(`rules of the addresses of ${ifname}`, () => {
    const index = container.route.find(getLinkSummary({ ifname }))?.index;
    const own = new Set([...addresses, ...(index === undefined ? [] : addressesOn(container, index))]);
    const found = container.route
      .list(listRules())
      .filter(({ src, srcLen }) => src !== undefined && srcLen === bitsOfAddress(src) && own.has(src));
    const foreign = table === undefined ? tablesOfOthers(container, index) : new Set<number>();
    const left = found.filter(({ table: its = "unspec" }) =>
      table === undefined ? !foreign.has(numberOf(its)) : numberOf(its) === table,
    );
    const requests = left.map(({ src, table: its, priority }) => deleteRule({ src, table: its, priority }));
    const refusal = container.route
      .attempt(requests)
      .find((each) => each !== undefined && each.code !== "ENOENT");
    if (refusal !== undefined) throw refusal;
  });
