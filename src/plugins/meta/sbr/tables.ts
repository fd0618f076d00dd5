/** Routing tables that nobody uses yet. */
import { listLinks } from "../../../../netlink/route/links.ts";
import { tables } from "../../../../netlink/route/names.ts";
import { listRoutes } from "../../../../netlink/route/routes.ts";
import { listRules } from "../../../../netlink/route/rules.ts";
import type { Side } from "../../../plan/side.ts";

/** The first table that is given out. */
const FIRST = 100;

type Table = keyof typeof tables | number;

/** The number of a table that has a name. */
export const numberOf = (table: Table): number => (typeof table === "number" ? table : tables[table]);

/** The tables of VRF links, which have no routes before a link belongs to one. */
function vrfTables(container: Side): Table[] {
  const links = container.route.list(listLinks({ kind: "vrf", extMask: ["skipStats"] }));
  return links.flatMap(({ linkinfo }) =>
    linkinfo?.kind === "vrf" ? [linkinfo.data?.table ?? "unspec"] : [],
  );
}

/** Tables that no rule, no route and no VRF knows. The caller sees to it that nobody else looks for some meanwhile. */
export function freeTables(container: Side, count: number): number[] {
  const used = [
    ...Object.values(tables),
    ...container.route.list(listRules()).map(({ table = "unspec" }) => table),
    ...container.route.list(listRoutes()).map(({ table = "unspec" }) => table),
    ...vrfTables(container),
  ];
  const taken = new Set(used.map(numberOf));
  const free: number[] = [];
  for (let table = FIRST; free.length < count; table++) if (!taken.has(table)) free.push(table);
  return free;
}
