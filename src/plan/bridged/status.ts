/** STATUS: what of the host would make an ADD fail, before one is tried. */
import type { Request } from "../../cni/plugin.ts";
import { findBridge } from "../bridge.ts";
import { forwardingReady } from "../forward/status.ts";
import { Side } from "../side.ts";
import { available } from "../unavailable.ts";

interface Needs {
  readonly bridge: string;
  /** Published ports or masquerading: nf_tables has to be there. */
  readonly needsFirewall: boolean;
  /** The plugin `firewall` may come later in the list: its own STATUS speaks of the tables of iptables and of firewalld. */
  readonly firewallMayFollow: boolean;
}

/** @throws CniError with code 50 that says what is missing or in the way */
export function hostReady({ open }: Pick<Request, "open">, needs: Needs): void {
  const { bridge, needsFirewall, firewallMayFollow } = needs;
  using host = new Side("host", undefined, open);
  available(() => findBridge(host, bridge));
  if (needsFirewall) forwardingReady(host, { links: bridge, firewall: firewallMayFollow ? "maybe" : "no" });
}
