/**
 * The differences from the Go plugins that are meant, each with its reason, and exactly where each shows. Compared with
 * Debian's containernetworking-plugins 1.1.1; "later releases" are those up to 1.9.
 */
import { at, type Difference, THERE } from "./compare.ts";
import { type Attached, gateways6, type Moment } from "./moments.ts";
import { addressOf, deviceOf, hostEnd, portOf } from "./names.ts";
import { type Call, networkOf, type Scenario } from "./play.ts";

export interface Meant {
  readonly reason: string;
  /** Where it shows when all is looked at. */
  look?(moment: Moment): readonly Difference[];
  /** Where it shows in what a call says. */
  call?(call: Call, moment: Moment, scenario: Scenario): readonly Difference[];
}

const sysctl = (place: string, key: string): string => at(place, "sysctls", ...key.split("/"));

/** A difference at each attachment by one of these plugins. */
const eachAttached =
  (
    types: readonly string[],
    differences: (attached: Attached) => readonly Difference[],
  ): NonNullable<Meant["look"]> =>
  ({ attached }) =>
    attached.filter(({ network }) => types.includes(network.plugins[0]!.type)).flatMap(differences);

/** A port of a bridge that has no IPv6 address. */
const withoutLinkLocal = (port: string): Difference[] => [
  { at: at("host", "addresses", port), go: THERE, ours: {} },
  { at: at("host", "links", port, "inet6_addr_gen_mode"), go: "eui64", ours: "none" },
  {
    at: at("host", "routes", `fe80::/64 dev ${port} proto kernel metric 256 pref medium`),
    go: true,
    ours: undefined,
  },
  { at: sysctl("host", `ipv6/conf/${port}/addr_gen_mode`), go: "0", ours: "1" },
];

/** Those with a host's end. */
const PAIRS = ["bridge", "ptp"];
/** Those whose interface is made in the container. */
const LINKED = ["macvlan", "ipvlan", "vlan"];

/** Those that every scenario shows wherever they apply. */
export const usual = {
  owner: {
    reason:
      "The alias of the host's end names the owner: GC, a DEL without the result, and people find out whose it is.",
    look: eachAttached(PAIRS, ({ id, ifname, network }) => [
      {
        at: at("host", "links", hostEnd(id, ifname), "ifalias"),
        go: undefined,
        ours: `flatnet ${network.name} ${id} ${ifname}`,
      },
    ]),
  },
  ownerInContainer: {
    reason:
      "Where there is no host's end, the alias of the container's interface names the owner: a DEL of another leaves it.",
    look: eachAttached(LINKED, ({ id, ifname, network }) => [
      {
        at: at(id, "links", ifname, "ifalias"),
        go: undefined,
        ours: `flatnet ${network.name} ${id} ${ifname}`,
      },
    ]),
  },
  queue: {
    reason:
      "1.1.1 sets the length of the transmit queue to 0 by mistake; later releases leave it to the kernel, too.",
    // The kernel gives a link of length 0 its usual one when it gets a queueing discipline.
    look: eachAttached([...PAIRS, ...LINKED], ({ id, ifname, network, limited }) => [
      { at: at(id, "links", ifname, "txqlen"), go: undefined, ours: 1000 },
      ...(limited.ingress || limited.egress || LINKED.includes(network.plugins[0]!.type)
        ? []
        : [{ at: at("host", "links", hostEnd(id, ifname), "txqlen"), go: undefined, ours: 1000 }]),
    ]),
  },
  withoutLinkLocal: {
    reason:
      "The host's end gets no IPv6 address of its own: it is a port of the bridge, and nobody would use it.",
    look: eachAttached(["bridge"], ({ id, ifname }) => withoutLinkLocal(hostEnd(id, ifname))),
  },
  neighbourAnnounced: {
    reason:
      "IPv6 addresses are announced as IPv4 addresses are: neighbours that knew the last owner learn of the new.",
    look: eachAttached(["bridge", "macvlan", "ipvlan"], ({ id, ifname, v6 }) =>
      v6 ? [{ at: sysctl(id, `ipv6/conf/${ifname}/ndisc_notify`), go: "0", ours: "1" }] : [],
    ),
  },
  addressKept: {
    reason: "An IPv6 address outlives its link going down, as in later releases.",
    look: eachAttached([...PAIRS, ...LINKED, "host-device"], ({ id, ifname, v6 }) =>
      v6 ? [{ at: sysctl(id, `ipv6/conf/${ifname}/keep_addr_on_down`), go: "0", ours: "1" }] : [],
    ),
  },
  bridgeWithoutDetection: {
    reason:
      "A bridge that we make looks for no duplicates of its IPv6 addresses: as long as it did (2 s after the first " +
      "container) the host would find no container for what it forwards to one.",
    look: ({ bridges, gateways6 }) => [
      ...bridges.map((bridge) => ({
        at: sysctl("host", `ipv6/conf/${bridge}/accept_dad`),
        go: "1",
        ours: "0",
      })),
      ...gateways6.map(({ bridge, cidr }) => ({
        at: at("host", "addresses", bridge, cidr, "nodad"),
        go: undefined,
        ours: true,
      })),
    ],
  },
  vlanDevice: {
    reason:
      "The gateway's device in a VLAN is treated as the bridge is: nobody is heard there who tells where to route, no " +
      "duplicates are looked for, and its port has no IPv6 address.",
    look: ({ vlanDevices }) =>
      vlanDevices.flatMap((device) => {
        const port = portOf(device);
        return [
          { at: sysctl("host", `ipv6/conf/${device}/accept_ra`), go: "1", ours: "0" },
          { at: sysctl("host", `ipv6/conf/${device}/accept_dad`), go: "1", ours: "0" },
          ...[device, port].map((name) => ({
            at: at("host", "links", name, "txqlen"),
            go: undefined,
            ours: 1000,
          })),
          ...withoutLinkLocal(port),
        ];
      }),
  },
  endWithoutDetection: {
    reason:
      "The gateway's IPv6 address on the host's end of ptp is used at once: nobody but the container could have it.",
    look: eachAttached(["ptp"], ({ id, ifname, network }) =>
      gateways6(network).map((gateway) => ({
        at: at("host", "addresses", hostEnd(id, ifname), `${gateway}/128`, "nodad"),
        go: undefined,
        ours: true,
      })),
    ),
  },
  deviceOwner: {
    reason:
      "The alias of bandwidth's device names the owner: GC finds out whose it is, and another interface of the same " +
      "container does not take it.",
    look: eachAttached(PAIRS, ({ id, ifname, network, limited }) =>
      limited.egress
        ? [
            {
              at: at("host", "links", deviceOf(network.name, id), "ifalias"),
              go: undefined,
              ours: `flatnet ${network.name} ${id} ${ifname}`,
            },
          ]
        : [],
    ),
  },
  actionOnce: {
    reason:
      "A filter of bandwidth leads packets to the device once; Go's has the same action twice, the second without effect.",
    look: eachAttached(PAIRS, ({ id, ifname, limited }) => {
      const qdisc = `${hostEnd(id, ifname)} ffff:fff1`;
      const second = at("host", "traffic", qdisc, "filters", "2", "options", "actions", "1");
      return limited.egress ? [{ at: second, go: THERE, ours: undefined }] : [];
    }),
  },
  emptyDns: {
    reason: "From 1.0.0 on an empty dns is left out of results, as in later releases.",
    call(call, _, scenario) {
      const { cniVersion, plugins } = networkOf(scenario, call);
      const shown = call.call === "ADD" && !call.refused && cniVersion >= "1.0.0";
      return shown && !/"(dns|resolvConf|prevResult)"/.test(JSON.stringify(plugins))
        ? [{ at: at("result", "dns"), go: {}, ours: undefined }]
        : [];
    },
  },
} as const satisfies Record<string, Meant>;

const idOf = (...links: string[]): string => `<bridge id: ${addressOf(...links)}>`;
const linkLocalOf = (...links: string[]): string => `<link-local: ${addressOf(...links)}>/64`;

/** The bridge's own address against one that is `go`'s, whose id is `goId`. */
const otherAddress = (bridge: string, go: string, goId: string): Difference[] => [
  { at: at("host", "links", bridge, "address"), go, ours: addressOf(bridge) },
  { at: at("host", "links", bridge, "linkinfo", "info_data", "bridge_id"), go: goId, ours: idOf(bridge) },
  { at: at("host", "links", bridge, "linkinfo", "info_data", "root_id"), go: goId, ours: idOf(bridge) },
  { at: at("host", "addresses", bridge, "<link-local of before>/64"), go: THERE, ours: undefined },
  { at: at("host", "addresses", bridge, linkLocalOf(bridge)), go: undefined, ours: THERE },
];

/** A port's own address against one that the bridge has, too. */
const sharedAddress = (bridge: string, end: string): Difference[] => [
  { at: at("host", "links", end, "address"), go: addressOf(end, bridge), ours: addressOf(end) },
  ...["bridge_id", "root_id"].map((name) => ({
    at: at("host", "links", end, "linkinfo", "info_slave_data", name),
    go: idOf(end, bridge),
    ours: idOf(bridge),
  })),
];

/** What a call that must fail in both says. */
const codeOf =
  (ours: number): NonNullable<Meant["call"]> =>
  (call) =>
    call.refused ? [{ at: "code", go: 999, ours }] : [];

/** A call fails in Go's world only. */
const onlyOursSucceeds: readonly Difference[] = [
  { at: "exit", go: 1, ours: 0 },
  { at: "code", go: 999, ours: undefined },
];

/** CHECK fails in Go's world only. */
const onlyOursChecks: NonNullable<Meant["call"]> = ({ call }) => (call === "CHECK" ? onlyOursSucceeds : []);

/** Those that a scenario names. */
export const special = {
  ownAddress: {
    reason:
      "Our bridge has a link-layer address of its own from the start. Go's has that of a port until it gets a gateway's " +
      "address: it changes as containers come and go, and is all zero when the last has gone.",
    look({ attached: [only], bridges }) {
      const end = only && hostEnd(only.id, only.ifname);
      return bridges.flatMap((bridge) =>
        end === undefined
          ? otherAddress(bridge, "00:00:00:00:00:00", "8000.0:0:0:0:0:0")
          : [
              ...otherAddress(bridge, addressOf(end, bridge), idOf(end, bridge)),
              ...sharedAddress(bridge, end),
            ],
      );
    },
    call({ call, id, ifname = "eth0" }, { bridges: [bridge] }) {
      if (call !== "ADD" || bridge === undefined) return [];
      const end = hostEnd(id, ifname);
      return [addressOf(bridge), addressOf(end)].map((ours, nth) => ({
        at: at("result", "interfaces", `${nth}`, "mac"),
        go: addressOf(end, bridge),
        ours,
      }));
    },
  },
  checkWithoutAddresses: {
    reason: "CHECK works without IPAM; Go asks an IPAM plugin without a name, and fails.",
    call: onlyOursChecks,
  },
  checkOfImpliedGateway: {
    reason:
      "CHECK finds a route whose gateway is the address's own, as in later releases; 1.1.1 looks for one without.",
    call: onlyOursChecks,
  },
  delWithoutMaster: {
    reason: "DEL needs no master; 1.1.1 looks for it, fails, and keeps the lease.",
    call: ({ call }) =>
      call === "DEL"
        ? [
            { at: "exit", go: 1, ours: 0 },
            { at: "code", go: 999, ours: undefined },
          ]
        : [],
    look: () => [{ at: at("files", "cni/networks/net/10.1.2.2"), go: "a\r\neth0", ours: undefined }],
  },
  resultOfItsVersion: {
    reason:
      "loopback's result has the form of the version asked for; Go's has that of 1.0.0 under every number.",
    call: ({ call }, _, { network: { cniVersion } }) => {
      if (call !== "ADD") return [];
      const texts = { "4": "127.0.0.1/8", "6": "::1/128" };
      if (cniVersion >= "0.3.0")
        return Object.keys(texts).map((version, nth) => ({
          at: at("result", "ips", `${nth}`, "version"),
          go: undefined,
          ours: version,
        }));
      return [
        ...["interfaces", "ips"].map((name) => ({ at: at("result", name), go: THERE, ours: undefined })),
        ...Object.keys(texts).map((version) => ({
          at: at("result", `ip${version}`),
          go: undefined,
          ours: THERE,
        })),
      ];
    },
  },
  defaultVlanLeft: {
    reason: "A port in a VLAN is not in the kernel's default one as well, as in later releases.",
    look({ attached, vlanDevices }) {
      const ends = attached.map(({ id, ifname }) => hostEnd(id, ifname));
      return [...ends, ...vlanDevices.map(portOf)].map((port) => ({
        at: at("host", "vlans", port),
        go: ["1 Egress Untagged", "100 PVID Egress Untagged"],
        ours: ["100 PVID Egress Untagged"],
      }));
    },
  },
  invalidConfig: {
    reason: "A configuration that cannot be used has code 7, as the specification says; Go has 999 for most.",
    call: codeOf(7),
  },
  invalidArguments: {
    reason: "CNI_ARGS that cannot be read have code 4, as every other variable; Go has 999.",
    call: codeOf(4),
  },
  bridgeStays: {
    reason:
      "An ADD that fails takes back the bridge that it made; Go leaves it, and the veth pair until DEL.",
    look: () => [
      ...["addresses", "links"].map((kind) => ({ at: at("host", kind, "cni0"), go: THERE, ours: undefined })),
      ...["ipv4/conf", "ipv4/neigh", "ipv6/conf", "ipv6/neigh"].map((key) => ({
        at: sysctl("host", `${key}/cni0`),
        go: THERE,
        ours: undefined,
      })),
      ...[
        "fe80::/64 dev cni0 proto kernel metric 256 pref medium",
        "multicast ff00::/8 dev cni0 table local proto kernel metric 256 pref medium",
      ].map((line) => ({ at: at("host", "routes", line), go: true, ours: undefined })),
    ],
  },
  checkOfInterfaceSetting: {
    reason:
      "CHECK of tuning finds a setting whose name has IFNAME, as in later releases; 1.1.1 looks for a file of that name.",
    call: onlyOursChecks,
  },
  backupNamesNetwork: {
    reason: "A file of tuning says of which network it is, so that GC knows; Go passes the key over.",
    look: ({ attached }) =>
      attached.map(({ id, ifname, network }) => ({
        at: at("files", `tuning/${id}_${ifname}.json`, "network"),
        go: undefined,
        ours: network.name,
      })),
  },
  loopbackWhereNeeded: {
    reason:
      "The link to a container routes loopback addresses only where a port is published on them; Go's always does.",
    look: ({ bridges }) =>
      bridges.map((bridge) => ({
        at: at("host", "sysctls", "ipv4", "conf", bridge, "route_localnet"),
        go: "1",
        ours: "0",
      })),
  },
  checkOfMovedRoutes: {
    reason:
      "CHECK of bridge and others finds the routes that sbr or vrf moved to another table; Go looks in the main one, and " +
      "fails.",
    call: onlyOursChecks,
  },
  vrfQueue: {
    reason: "vrf of 1.1.1 sets the length of its transmit queue to 0 by mistake as well.",
    look: ({ attached }) => {
      const all = attached.flatMap(({ id, network: { plugins } }) =>
        plugins.flatMap(({ type, vrfname }) =>
          type === "vrf" ? [at(id, "links", String(vrfname), "txqlen")] : [],
        ),
      );
      return [...new Set(all)].map((place) => ({ at: place, go: undefined, ours: 1000 }));
    },
  },
  recordOfDevice: {
    reason:
      "host-device keeps what a device was like on the host in a file for as long as it is away; Go keeps its name, in the " +
      "alias.",
    look({ attached }) {
      const leases = attached.some(({ network }) => JSON.stringify(network).includes('"host-local"'));
      // A tree without anything in it is a value.
      if (!leases) return attached.length > 0 ? [{ at: "files", go: {}, ours: THERE }] : [];
      return attached.map(({ id, ifname }) => ({
        at: at("files", `devices/${id}_${ifname}.json`),
        go: undefined,
        ours: THERE,
      }));
    },
  },
  checkOfVrf: {
    reason: "CHECK of vrf finds an interface that has left the VRF, as in later releases; 1.1.1 does not.",
    call: ({ call }) =>
      call === "CHECK"
        ? [
            { at: "exit", go: 0, ours: 1 },
            { at: "code", go: undefined, ours: 999 },
          ]
        : [],
  },
  goneIsDone: {
    reason: "A DEL whose interface or namespace has gone is done; sbr and host-device of 1.1.1 fail.",
    call: ({ call, id, ifname }, { step }, { steps }) => {
      const gone = steps
        .slice(0, Number(step) - 1)
        .some(
          (before) =>
            typeof before === "object" &&
            (("call" in before && before.call === "DEL" && before.id === id && before.ifname === ifname) ||
              ("run" in before &&
                before.in === id &&
                before.run.includes(`link delete ${ifname ?? "eth0"}`)) ||
              ("end" in before && before.end === id)),
        );
      return call === "DEL" && gone ? onlyOursSucceeds : [];
    },
  },
} as const satisfies Record<string, Meant>;

export type SpecialName = keyof typeof special;
