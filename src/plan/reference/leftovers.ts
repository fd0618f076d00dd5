/** What the Go plugins made for an attachment: removed by our DEL and GC, so that a host can change from one to the other. */
import { listTables } from "../../../netlink/netfilter/tables.ts";
import { withoutPrefix } from "../../../netlink/wire/cidr.ts";
import type { Call } from "../../cni/plugin.ts";
import type { Leftover } from "../attaching/collect.ts";
import { ifThere } from "../firewall/absent.ts";
import type { Owner } from "../owner.ts";
import { onlyRemoved, type Resource } from "../resource.ts";
import type { Side } from "../side.ts";
import { legacyLeftovers } from "./legacy.ts";
import { type Part, type PartName, parts } from "./parts.ts";
import type { Place } from "./rules.ts";

/**
 * Runs `act` for each table of the parts that there is. All tables are asked for at once, since mostly none of these is
 * there, and then this is all that it costs.
 */
function inTables(host: Side, names: readonly PartName[], act: (part: Part, place: Place) => void): void {
  const tables = ifThere(() => host.netfilter.list(listTables())) ?? [];
  const isThere = ({ family, table }: Place): boolean =>
    tables.some((each) => each.family === family && each.name === table);
  for (const part of names.flatMap((name): readonly Part[] => parts[name])) {
    for (const place of part.places.filter(isThere)) act(part, place);
  }
}

/** Rules and chains of the Go plugins for an attachment. Only DEL looks for them. */
export const madeByReference = (
  host: Side,
  owner: Owner,
  names: readonly PartName[],
  { cidrs = [], log }: { readonly cidrs?: readonly string[]; log(line: string): void },
): Resource =>
  onlyRemoved("rules of the Go plugins", () => {
    if (names.length === 0) return;
    const made = { owner, addresses: cidrs.map(withoutPrefix) };
    inTables(host, names, (part, place) => part.remove(host, place, made));
    for (const line of legacyLeftovers(names, made)) log(line);
  });

/** GC: those of attachments of the network that are not valid. */
export const referenceLeftovers = (names: readonly PartName[]): Leftover => ({
  what: "rules of the Go plugins",
  remove(host, _, { config, validAttachments }: Call) {
    const network = config.name;
    const owners = validAttachments.map(({ containerID, ifname }) => ({
      network,
      containerId: containerID,
      ifname,
    }));
    inTables(host, names, (part, place) => part.collect?.(host, place, { network, owners }));
  },
});
