/** The VLANs of a port from the keys `vlan`, `vlanTrunk` and `preserveDefaultVlan`. */
import { CniError, codes } from "../../../cni/error.ts";
import type { PortVlans } from "../../../plan/vlans.ts";
import type { Bridge } from "./schema.ts";

type Trunk = NonNullable<Bridge["vlanTrunk"]>[number];

/** The VLAN of untagged traffic on a trunk that names none: the bridge's own. */
const NATIVE = 1;

function invalid(item: number, cause: string, hint: string): CniError {
  return new CniError({
    code: codes.invalidConfig,
    operation: "read",
    subject: `vlanTrunk[${item}]`,
    cause,
    hint,
  });
}

function idsOf({ minID, maxID, id }: Trunk, item: number): number[] {
  const ids = id === undefined ? [] : [id];
  if (minID === undefined && maxID === undefined) return ids;
  if (minID === undefined) throw invalid(item, "maxID is given without minID", "give both, or use id");
  if (maxID === undefined) throw invalid(item, "minID is given without maxID", "give both, or use id");
  if (minID > maxID) throw invalid(item, `minID ${minID} is greater than maxID ${maxID}`, "swap them");
  return [...ids, ...Array.from({ length: maxID - minID + 1 }, (_, index) => minID + index)];
}

/** @returns undefined where the bridge is to be used without VLANs. @throws CniError */
export function portVlans({ vlan, vlanTrunk, preserveDefaultVlan }: Bridge): PortVlans | undefined {
  if (!vlan && vlanTrunk === undefined) return undefined;
  const tagged = [...new Set((vlanTrunk ?? []).flatMap(idsOf))].sort((a, b) => a - b);
  return {
    untagged: vlan || NATIVE,
    tagged,
    gatewayDevice: vlan !== 0,
    // An empty trunk switches filtering on, and changes nothing about the port.
    keepDefault: preserveDefaultVlan || (!vlan && tagged.length === 0),
  };
}
