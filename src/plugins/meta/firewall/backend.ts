/** Which backend a call works with: firewalld where it runs and none other is named, as the reference has it. */
import { CniError, codes } from "../../../cni/error.ts";
import { explain } from "../../../cni/explain.ts";
import type { Call } from "../../../cni/plugin.ts";
import type { Leftover } from "../../../plan/attaching/collect.ts";
import { Firewalld } from "../../../plan/forward/firewalld.ts";
import { removeStaleSources } from "../../../plan/forward/sources.ts";
import type { Firewall } from "./schema.ts";

const find = ({ variables }: Call): Firewalld | undefined =>
  Firewalld.find(variables.DBUS_SYSTEM_BUS_ADDRESS);

/**
 * firewalld, where the call is to work with it.
 * @throws CniError when it is named and does not run: code 50 for STATUS
 */
export function firewalldFor(call: Call<Firewall>): Firewalld | undefined {
  if (call.config.backend !== "firewalld") return firewalldIfUsable(call);
  const found = find(call);
  if (found !== undefined) return found;
  throw new CniError({
    code: call.command === "STATUS" ? codes.notAvailable : codes.failed,
    operation: "use the backend",
    subject: "firewalld",
    cause: "firewalld is not running: nobody has its name on the system's message bus",
    hint: 'start it: systemctl start firewalld, or leave out "backend"',
  });
}

/** firewalld, unless the other backend is named. That it cannot be asked is told, and keeps nothing from being removed. */
export function firewalldIfUsable(call: Call<Firewall>): Firewalld | undefined {
  if (call.config.backend === "iptables") return undefined;
  try {
    return find(call);
  } catch (error) {
    call.log(`warning: firewalld is passed over: ${explain(error).message}`);
    return undefined;
  }
}

/** GC: addresses in the zone. */
export const sources = (firewalld: Firewalld, { firewalldZone }: Firewall): Leftover => ({
  what: "addresses in firewalld's zone",
  remove: (host, stale) => removeStaleSources(host, firewalld, firewalldZone, stale),
});
