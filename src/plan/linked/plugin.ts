/** Plugins that give a container an interface which is made in its namespace, and leave the host as it is. */
import { configured } from "../../cni/config/configure.ts";
import type { Shape } from "../../cni/config/shape-types.ts";
import type { Ipam } from "../../cni/delegate.ts";
import type { Call, Identity, NetworkConfig, Plugin } from "../../cni/plugin.ts";
import type { Dns, Result } from "../../cni/result.ts";
import { type Attaching, attach, compare, detach } from "../attaching/attach.ts";
import { collect } from "../attaching/collect.ts";
import { requireAddresses } from "../attaching/leased.ts";
import type { Sides } from "../attaching/sides.ts";
import { configuredInterface } from "../interface.ts";
import type { Plan } from "../resource.ts";
import { Side } from "../side.ts";
import { containerLink } from "../veth.ts";

/** What such a plugin has of its own. */
export interface LinkedPlugin<Config extends NetworkConfig> {
  readonly identity: Identity;
  /** At the call, as for `configured`. */
  shape(): Shape<Config>;
  /** The IPAM plugin; undefined when the interface gets no addresses, or has them from elsewhere. */
  ipam(call: Call<Config>): Ipam | undefined;
  /** The interface, and what it needs besides. */
  link(call: Call<Config>, sides: Sides): Plan;
  /** Addresses and routes, given what IPAM gave; by default just that. */
  given?(call: Call<Config>, leased: Result): Result;
  /** Neighbours are told of its addresses. */
  readonly announces: boolean;
  /** The resolver settings of the result. */
  dns(config: Config, leased: Result): Dns;
  /** @throws CniError with code 50 that says what of the host an ADD would fail of */
  ready(call: Call<Config>, host: Side): void;
}

/** The configuration's resolver settings, and never those of IPAM: so have it the reference plugins of this form. */
export const ownDns = ({ dns }: NetworkConfig): Dns => dns ?? {};

function resultOf({ netns, ifname }: Call, container: Side, { ips, routes }: Result, dns: Dns): Result {
  const { address } = container.linkOf(ifname, () => containerLink(container, ifname));
  return {
    interfaces: [{ name: ifname, mac: address, sandbox: netns }],
    ips: ips.map((ip) => ({ ...ip, interface: 0 })),
    routes,
    dns,
  };
}

function attaching<C extends NetworkConfig>(plugin: LinkedPlugin<C>, call: Call<C>): Attaching {
  const { ifname } = call;
  return {
    request: call,
    ipam: () => plugin.ipam(call),
    link: (sides) => plugin.link(call, sides),
    addressed({ container }, leased) {
      requireAddresses(call, leased);
      const given = plugin.given?.(call, leased) ?? leased;
      const { ips, routes } = given;
      const options = { ifname, ips, routes, detectDuplicates: undefined, announce: plugin.announces };
      return {
        plan: container === undefined ? [] : configuredInterface(container, options),
        result: () => resultOf(call, container!, given, plugin.dns(call.config, leased)),
      };
    },
  };
}

/** All commands. GC has nothing to look for: what is left of an attachment is in its namespace, and goes with it. */
export const linkedPlugin = <C extends NetworkConfig>(plugin: LinkedPlugin<C>): Plugin<C> => ({
  ...plugin.identity,
  configure: configured(() => plugin.shape()),
  add: (call) => attach(attaching(plugin, call)),
  del: (call) => detach(attaching(plugin, call)),
  check: (call) => compare(attaching(plugin, call)),
  gc: (call) => collect({ request: call, addresses: () => plugin.ipam(call)?.gc(), leftovers: [] }),
  status(call) {
    plugin.ipam(call)?.status();
    using host = new Side("host", undefined, call.open);
    plugin.ready(call, host);
  },
});
