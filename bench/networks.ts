/** The networks that are measured: lists of plugins that do the same work on both sides. */
import type { Side } from "./sides.ts";

/** A list of plugins, as in a `.conflist` file. */
export interface Network {
  /** Plugins that make what `plugins` work on. They are called, but not measured. */
  readonly before?: readonly PluginConfig[];
  readonly plugins: readonly PluginConfig[];
  /** A link of the host that has to be there. */
  readonly device?: string;
  /** Set where CHECK of one side fails although nothing is wrong. */
  readonly unchecked?: true;
}

export interface PluginConfig {
  readonly type: string;
  readonly capabilities?: Readonly<Record<string, boolean>>;
  readonly [key: string]: unknown;
}

const hostLocal = (dataDir: string, type = "host-local") => ({
  type,
  dataDir,
  ranges: [[{ subnet: "10.89.0.0/16" }]],
  routes: [{ dst: "0.0.0.0/0" }],
});
const device = "device0";
const capabilities = { portMappings: true };

const plainBridge = (leases: string) => ({
  type: "bridge",
  bridge: "bench0",
  isGateway: true,
  ipam: hostLocal(leases),
});
const masquerading = (leases: string) => ({ ...plainBridge(leases), ipMasq: true });

/** What Podman's default network is made of. */
const chain = (leases: string): Network => ({
  plugins: [
    { ...masquerading(leases), hairpinMode: true },
    { type: "portmap", capabilities },
    { type: "firewall" },
    { type: "tuning" },
  ],
});

const flatnet = (leases: string): Network => ({
  plugins: [{ type: "flatnet", capabilities, ipam: hostLocal(leases, "flatnet-ipam") }],
});

/** A plugin on a container that a bridge has attached already. */
const onBridge = (leases: string, plugin: PluginConfig): Network => ({
  before: [plainBridge(leases)],
  plugins: [plugin],
});

/** Gives a network of a host whose leases are kept in the folder `leases`. */
export type MakeNetwork = (leases: string, side: Side) => Network;

/** Each plugin by itself, under its name. ipvlan, vlan and vrf are not in every kernel, and left out. */
export const alone = {
  bridge: (leases) => ({ plugins: [plainBridge(leases)] }),
  ptp: (leases) => ({ plugins: [{ type: "ptp", ipMasq: true, ipam: hostLocal(leases) }] }),
  macvlan: (leases) => ({ device, plugins: [{ type: "macvlan", master: device, ipam: hostLocal(leases) }] }),
  "host-device": () => ({ device, plugins: [{ type: "host-device", device }] }),
  loopback: () => ({ plugins: [{ type: "loopback" }] }),
  "host-local": (leases) => ({ plugins: [{ type: "host-local", ipam: hostLocal(leases) }] }),
  static: () => ({
    plugins: [{ type: "static", ipam: { type: "static", addresses: [{ address: "10.89.0.2/16" }] } }],
  }),
  // CHECK of the Go plugin misses rules for IPv6, which its ADD does not make without an IPv6 address.
  portmap: (leases) => ({ ...onBridge(leases, { type: "portmap", capabilities }), unchecked: true }),
  firewall: (leases) => onBridge(leases, { type: "firewall" }),
  bandwidth: (leases) => {
    const [rate, burst] = [100_000_000, 10_000_000];
    return onBridge(leases, {
      type: "bandwidth",
      ingressRate: rate,
      ingressBurst: burst,
      egressRate: rate,
      egressBurst: burst,
    });
  },
  tuning: (leases) =>
    onBridge(leases, { type: "tuning", sysctl: { "net.core.somaxconn": "500" }, mtu: 1400 }),
  sbr: (leases) => onBridge(leases, { type: "sbr" }),
} satisfies Record<string, MakeNetwork>;

export const networks = {
  masqueraded: (leases) => ({ plugins: [masquerading(leases)] }),
  published: (leases, side) => (side.publishing === "flatnet" ? flatnet(leases) : chain(leases)),
  chain,
  ...alone,
} satisfies Record<string, MakeNetwork>;

export type NetworkName = keyof typeof networks;

export const isNetworkName = (name: string): name is NetworkName => Object.hasOwn(networks, name);
