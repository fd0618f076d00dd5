/** iptables-legacy, whose tables netlink does not reach: whether they drop what containers forward, and what to do then. */
import { type LegacyFamily, legacyDrops, legacyTable } from "../../sys/xtables.ts";
import type { Obstacle, Passing } from "./foreign.ts";
import { MARK, markText } from "./mark.ts";

export type Family = LegacyFamily;
export const programs = { ip: "iptables-legacy", ip6: "ip6tables-legacy" } as const;

/** Where bytes begin in others; -1 when they do not. */
export const indexOf = (bytes: Uint8Array, wanted: Uint8Array): number =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(wanted);

/** How a rule names the mark: the value, then the mask (struct xt_mark_mtinfo1). */
function comparedMark(): Uint8Array {
  const words = new DataView(new ArrayBuffer(8));
  for (const at of [0, 4]) words.setUint32(at, MARK, true);
  return new Uint8Array(words.buffer);
}

/** What a rule that lets containers pass has in it, and the commands that make such rules. */
function letting(family: Family, { links = "BRIDGE", firewall }: Passing) {
  const insert = `${programs[family]} -I FORWARD`;
  return firewall === "no"
    ? {
        has: new TextEncoder().encode(`${links}\0`),
        commands: `${insert} -i ${links} -j ACCEPT; ${insert} -o ${links} -j ACCEPT`,
      }
    : { has: comparedMark(), commands: `${insert} ${markText.iptables} -j ACCEPT` };
}

/** The chain FORWARD of iptables-legacy, where it drops by its policy and has no rule for containers. */
export function legacyObstacle(passing: Passing): Obstacle | undefined {
  // Whether the plugin `firewall` comes later nobody knows here: it will speak for itself.
  if (passing.firewall === "maybe") return undefined;
  for (const family of ["ip", "ip6"] as const) {
    const table = legacyTable(family, "filter");
    if (table === undefined || !legacyDrops(family, table)) continue;
    const { has, commands } = letting(family, passing);
    if (indexOf(table.rules, has) !== -1) continue;
    return {
      says: `the chain FORWARD of ${programs[family]} drops forwarded packets, and no rule there accepts those of containers`,
      remedy: `let it accept them: ${commands}`,
    };
  }
  return undefined;
}
