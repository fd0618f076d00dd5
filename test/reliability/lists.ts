/** The lists of plugins that these tests put under stress: for each plugin one in which it does all that it can do. */

import { bridge, flatnet, ports } from "../failures/networks.ts";
import { type Need, needs } from "../needs.ts";
import type { PluginConfig } from "../plugins/call.ts";
import { DEVICE, type Host, UPLINK } from "../plugins/host.ts";

/** A network whose last plugin is the one under stress; those before it make what it works on. */
export interface List {
  /** The plugin under stress. */
  readonly name: string;
  /** What the kernel must have for it. */
  readonly needs?: readonly Need[];
  /** Sees to it, before containers are added, that the host has what the plugins find there. */
  prepare?(host: Host): void;
  plugins(host: Host): readonly PluginConfig[];
}

/** The keys that a runtime gives each plugin of a list. */
const network = { cniVersion: "1.1.0", name: "stressed" } as const;

/** A bridge for the plugins that come after one. */
const onBridge = (host: Host): PluginConfig => bridge(host, { name: network.name });

const leased = (host: Host, subnet: string) => ({
  type: "host-local",
  dataDir: host.file("cni/networks"),
  subnet,
  routes: [{ dst: "0.0.0.0/0" }],
});

/** An interface of a container that is connected to nothing, or by itself to what it needs. */
const alone = (host: Host, type: string, keys: object = {}): PluginConfig => ({
  ...network,
  type,
  ipam: { type: "host-local", subnet: "10.9.2.0/24", dataDir: host.file("cni/networks") },
  ...keys,
});

/** An interface over the host's cable to the outside. */
const onUplink = (host: Host, type: string, keys: object): PluginConfig =>
  alone(host, type, { master: UPLINK, ...keys });

/** A pair without a bridge; IPv4 only, since an IPv6 address waits seconds for the detection of duplicates. */
const routed = (host: Host): PluginConfig => ({
  ...network,
  type: "ptp",
  ipMasq: true,
  ipam: leased(host, "10.9.1.0/24"),
});

export const lists: readonly List[] = [
  { name: "flatnet", plugins: (host) => [flatnet(host)] },
  { name: "bridge", plugins: (host) => [bridge(host)] },
  { name: "ptp", plugins: (host) => [routed(host)] },
  {
    name: "sbr",
    plugins: (host) => [routed(host), { ...network, type: "sbr" }],
  },
  {
    name: "bandwidth",
    plugins: (host) => [
      onBridge(host),
      {
        ...network,
        type: "bandwidth",
        ingressRate: 8_000_000,
        ingressBurst: 800_000,
        egressRate: 4_000_000,
        egressBurst: 400_000,
      },
    ],
  },
  {
    name: "firewall",
    plugins: (host) => [onBridge(host), { ...network, type: "firewall", ingressPolicy: "isolated" }],
  },
  {
    name: "portmap",
    plugins: (host) => [
      onBridge(host),
      {
        ...network,
        type: "portmap",
        masqAll: true,
        conditionsV4: ["!", "-s", "10.200.0.0/16"],
        runtimeConfig: ports({ hostPort: 8080 }, { hostPort: 8053, protocol: "udp", hostIP: "127.0.0.1" }),
      },
    ],
  },
  {
    name: "static",
    plugins: () => [{ ...network, type: "static", ipam: { addresses: [{ address: "10.9.0.5/24" }] } }],
  },
  { name: "macvlan", plugins: (host) => [onUplink(host, "macvlan", { mode: "bridge" })] },
  {
    name: "ipvlan",
    needs: ["link:ipvlan"],
    plugins: (host) => [onUplink(host, "ipvlan", { mode: "l2" })],
  },
  { name: "vlan", needs: ["link:vlan"], plugins: (host) => [onUplink(host, "vlan", { vlanId: 7 })] },
  { name: "dummy", needs: ["link:dummy"], plugins: (host) => [alone(host, "dummy")] },
  {
    name: "tap",
    plugins: (host) => [alone(host, "tap", { owner: 0, group: 0, mac: "02:00:00:00:01:23", mtu: 1400 })],
  },
  {
    name: "vrf",
    needs: ["link:vrf"],
    // Without a firewall, which the kernel that has VRFs need not have.
    plugins: (host) => [
      { ...routed(host), ipMasq: false },
      { ...network, type: "vrf", vrfname: "red" },
    ],
  },
  {
    name: "host-device",
    prepare: (host) => host.ensureDevice(),
    plugins: (host) => [alone(host, "host-device", { device: DEVICE, dataDir: host.file("devices") })],
  },
  { name: "loopback", plugins: () => [{ ...network, type: "loopback" }] },
  {
    name: "host-local",
    plugins: (host) => [
      { ...network, type: "host-local", ipam: { subnet: "10.9.0.0/24", dataDir: host.file("cni/networks") } },
    ],
  },
  // ipvlan, vlan and dummy make their links in the same way.
  {
    name: "macvlan",
    needs: ["link:macvlan"],
    plugins: (host) => [
      { ...network, type: "macvlan", master: UPLINK, mtu: 1400, ipam: leased(host, "10.9.2.0/24") },
    ],
  },
  {
    name: "tap",
    needs: ["link:tun", "file:/dev/net/tun"],
    plugins: (host) => [
      {
        ...network,
        type: "tap",
        mtu: 1400,
        mac: "02:00:00:00:01:24",
        owner: 0,
        group: 0,
        ipam: leased(host, "10.9.2.0/24"),
      },
    ],
  },
  {
    name: "tuning",
    plugins: (host) => [
      onBridge(host),
      {
        ...network,
        type: "tuning",
        dataDir: host.file("tuning"),
        sysctl: { "net.ipv4.conf.IFNAME.arp_filter": "1" },
        mac: "02:00:00:00:01:23",
        mtu: 1400,
        promisc: true,
        allmulti: true,
        txQLen: 500,
      },
    ],
  },
];

/** Declares tests for each list, with what the list and `wanted` need of the machine. */
export function eachList(
  wanted: readonly Need[],
  declare: (live: ReturnType<typeof needs>, list: List) => void,
): void {
  for (const list of lists) declare(needs("namespaces", ...wanted, ...(list.needs ?? [])), list);
}
