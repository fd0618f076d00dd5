/** The errors on the pages of the plugins are what the plugins say. */
import { expect } from "bun:test";
import { openRoute } from "../../netlink/route/index.ts";
import { needs } from "../needs.ts";
import { type Configuration, callPlugin, errorOf, type PrintedError } from "../plugins/call.ts";
import { Host } from "../plugins/host.ts";
import { program } from "../plugins/kernel.ts";
import type { AttachmentOptions } from "../plugins/network.ts";
import { readDocument } from "./documents.ts";

const live = needs("namespaces", "program:nft");

const port = (more: object = {}): AttachmentOptions => ({
  runtimeConfig: { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: "tcp", ...more }] },
});

/** A network of one plugin with these keys. */
const network = (type: string, keys: object = {}, name = type): Configuration => ({
  cniVersion: "1.0.0",
  name,
  plugins: [{ type, capabilities: { portMappings: true }, ...keys }],
});
const hostLocal = (ranges: unknown) => network("bridge", { ipam: { type: "host-local", ranges } }, "lan");
const gateway = (subnet: string) => ({ isGateway: true, ipam: { type: "host-local", subnet } });
const fixed = (...addresses: string[]) =>
  network("static", { ipam: { addresses: addresses.map((address) => ({ address, gateway: "10.22.0.1" })) } });
const ptp = (address: object) => network("ptp", { ipam: { type: "static", addresses: [address] } });
const withGateway = { address: "10.22.0.5/16", gateway: "10.22.0.1" };
const onMaster = (type: string, keys: object = {}) => network(type, { master: "uplink0", ...keys });
const fixedIpam = { type: "static", addresses: [{ address: "10.22.0.5/16" }] };
const small = [[{ subnet: "10.22.0.0/16", rangeStart: "10.22.1.10", rangeEnd: "10.22.1.12" }]];

/** A network whose interfaces are tuned. */
const tuned = (keys: object): Configuration => ({
  ...network("bridge"),
  plugins: [{ type: "bridge" }, { type: "tuning", ...keys }],
});

/** A network whose interfaces have routing tables of their own. */
const routed = (
  keys: object,
  ipam: object = { type: "host-local", subnet: "10.22.0.0/16" },
): Configuration => ({
  ...network("bridge"),
  plugins: [
    { type: "bridge", ipam },
    { type: "sbr", ...keys },
  ],
});

/** A network whose interfaces are limited. */
const bandwidth = (keys: object, first = "bridge"): Configuration => ({
  ...network("bridge"),
  plugins: [{ type: first }, { type: "bandwidth", ...keys }],
});
/** A network whose ports are published by a plugin behind its bridge. */
const published = (keys: object = {}): Configuration => ({
  ...network("bridge", {}, "podman"),
  plugins: [
    { type: "bridge", ipam: { type: "host-local", subnet: "10.88.0.0/16" } },
    { type: "portmap", capabilities: { portMappings: true }, ...keys },
  ],
});
const twoPorts: AttachmentOptions = {
  runtimeConfig: { portMappings: [80, 81].map((containerPort) => ({ hostPort: 8080, containerPort })) },
};

/** DEL of a device whose name on the host another link has by then. */
const nameTaken: Failure = (host) => {
  using route = openRoute({ namespace: host.namespace });
  const make = (ifname: string, peer: string) =>
    route.link.create({ ifname, linkinfo: { kind: "veth", data: { peer: { ifname: peer } } } });
  make("eno2", "far");
  const web = host.network(network("host-device", { device: "eno2" })).add("db");
  make("eno2", "other");
  return web.refused("DEL");
};

/** What a call says that must fail. */
type Failure = (host: Host) => PrintedError;

const refused =
  (configuration: Configuration, options: AttachmentOptions = {}): Failure =>
  (host) =>
    host.network(configuration).refuse("db", options);

/** The same on a host where a network has containers already. */
const refusedBeside =
  (
    first: Configuration,
    ids: readonly string[],
    configuration: Configuration,
    options: AttachmentOptions = {},
  ): Failure =>
  (host) => {
    for (const id of ids) host.network(first).add(id, options);
    return host.network(configuration).refuse("db", options);
  };

/** The same container once more. */
const refusedTwice =
  (configuration: Configuration): Failure =>
  (host) =>
    host.network(configuration).add("db").refused("ADD");

/** CHECK of a static address whose result has another. */
const differing =
  (ip: { readonly address: string; readonly gateway?: string }): Failure =>
  (host) => {
    const container = host.network(fixed("10.22.0.5/16")).container("db");
    container.remember({ cniVersion: "1.0.0", ips: [ip] });
    return container.refused("CHECK");
  };

const failures: readonly [page: string, situation: string, Failure][] = [
  ["flatnet", "a port twice", refusedBeside(network("flatnet"), ["web"], network("flatnet"), port())],
  ["flatnet", "a subnet twice", refusedBeside(network("flatnet"), ["web"], network("flatnet", {}, "other"))],
  [
    "flatnet",
    "a bridge twice",
    refusedBeside(network("flatnet"), ["web"], network("flatnet", { hostId: 7 }, "other")),
  ],
  ["flatnet", "a bridge that is none", refused(network("flatnet", { bridge: "uplink0" }))],
  [
    "flatnet",
    "an IPv6 port without IPv6",
    refused(network("flatnet"), port({ hostPort: 53, protocol: "udp", hostIP: "::1" })),
  ],
  ["flatnet", "two subnets", refused(network("flatnet", { hostId: 7, ipam: { subnet: "10.1.0.0/24" } }))],
  ["flatnet", "too many hosts", refused(network("flatnet", { hostId: 255 }))],
  ["flatnet", "an unknown protocol", refused(network("flatnet"), port({ protocol: "tpc" }))],
  [
    "bridge",
    "another gateway",
    refusedBeside(
      network("bridge", gateway("10.22.0.0/16")),
      ["web"],
      network("bridge", gateway("10.23.0.0/16"), "other"),
    ),
  ],
  ["bridge", "a bridge that is none", refused(network("bridge", { bridge: "uplink0" }))],
  ["bridge", "no such IPAM plugin", refused(network("bridge", { ipam: { type: "nosuch" } }))],
  ["bridge", "hairpin and promiscuous", refused(network("bridge", { hairpinMode: true, promiscMode: true }))],
  [
    "bridge",
    "addresses for what is down",
    refused(network("bridge", { disableContainerInterface: true, ipam: { type: "host-local" } })),
  ],
  ["ptp", "no IPAM plugin", refused(network("ptp"))],
  ["ptp", "no gateway", refused(ptp({ address: "10.22.0.5/16" }))],
  ["ptp", "a route twice", refusedBeside(ptp(withGateway), ["web"], ptp(withGateway))],
  ["ptp", "wrong values", refused(network("ptp", { mtu: "1500" }))],
  ["macvlan", "no such master", refused(onMaster("macvlan", { master: "nosuch0" }))],
  ["macvlan", "no default route", refused(network("macvlan"))],
  ["macvlan", "an MTU too large", refused(onMaster("macvlan", { mtu: 9000 }))],
  ["macvlan", "a multicast address", refused(onMaster("macvlan", { mac: "01:00:00:00:00:01" }))],
  ["macvlan", "a name that is taken", refusedTwice(onMaster("macvlan"))],
  ["macvlan", "an unknown mode", refused(onMaster("macvlan", { mode: "open" }))],
  ["ipvlan", "no such master", refused(onMaster("ipvlan", { master: "nosuch0", ipam: fixedIpam }))],
  ["ipvlan", "no IPAM plugin", refused(onMaster("ipvlan"))],
  ["ipvlan", "an unknown mode", refused(onMaster("ipvlan", { mode: "l4" }))],
  ["vlan", "no such master", refused(onMaster("vlan", { master: "nosuch0", ipam: fixedIpam }))],
  ["vlan", "an MTU too large", refused(onMaster("vlan", { mtu: 9000, ipam: fixedIpam }))],
  ["vlan", "no IPAM plugin", refused(onMaster("vlan"))],
  ["vlan", "an unknown VLAN", refused(onMaster("vlan", { vlanId: 4095 }))],
  ["dummy", "no IPAM plugin", refused(network("dummy"))],
  ["tap", "a name that is taken", refusedTwice(network("tap"))],
  ["tap", "no such bridge", refused(network("tap", { bridge: "br0" }))],
  ["tap", "no SELinux", refused(network("tap", { selinuxContext: "a:b:c" }))],
  ["tap", "an unknown user", refused(network("tap", { owner: -1 }))],
  ["bridge", "wrong values", refused(network("bridge", { mtu: "1500", vlan: 5000 }))],
  ["host-local", "a full range", refusedBeside(hostLocal(small), ["a", "b", "c"], hostLocal(small))],
  [
    "host-local",
    "an address of another",
    (host) => {
      host.network(hostLocal(small)).add("web");
      return host.network(hostLocal(small)).refuse("db", { args: "IgnoreUnknown=1;IP=10.22.1.10" });
    },
  ],
  [
    "host-local",
    "a second ADD",
    (host) =>
      host
        .network(network("host-local", { ipam: { ranges: small } }))
        .add("web")
        .refused("ADD"),
  ],
  ["host-local", "bits after the prefix", refused(hostLocal([[{ subnet: "10.22.0.5/16" }]]))],
  [
    "host-local",
    "a start elsewhere",
    refused(hostLocal([[{ subnet: "10.22.0.0/24", rangeStart: "10.23.0.1" }]])),
  ],
  [
    "host-local",
    "ranges that overlap",
    refused(hostLocal([[{ subnet: "10.22.0.0/24" }], [{ subnet: "10.22.0.0/16" }]])),
  ],
  ["host-local", "a misspelt key", refused(hostLocal([[{ subnett: "10.22.0.0/24" }]]))],
  ["host-local", "no range", refused(hostLocal([]))],
  ["host-device", "a name that is taken by then", nameTaken],
  ["host-device", "a device that is not there", refused(network("host-device", { device: "nosuch0" }))],
  ["host-device", "no device", refused(network("host-device"))],
  ["host-device", "no driver", refused(network("host-device", { pciBusID: "0000:ff:1f.7" }))],
  ["sbr", "a gateway far away", refused(routed({ gateways: ["172.31.0.1"] }))],
  ["sbr", "two gateways of a family", refused(routed({ gateways: ["10.22.0.1", "10.22.0.9"] }))],
  ["sbr", "no address", refused(routed({}, {}))],
  ["sbr", "a list without a plugin before it", refused(network("sbr"))],
  ["portmap", "a port twice", refusedBeside(published(), ["web"], published(), port())],
  ["portmap", "one port for two", refused(published(), twoPorts)],
  [
    "portmap",
    "two ways to mark",
    refused(published({ markMasqBit: 1, externalSetMarkChain: "MARK" }), port()),
  ],
  ["portmap", "a list without a plugin before it", refused(network("portmap"), port())],
  ["tuning", "a setting that is not there", refused(tuned({ sysctl: { "net.core.nosuch": "1" } }))],
  ["tuning", "a setting of the whole host", refused(tuned({ sysctl: { "kernel.hostname": "x" } }))],
  ["tuning", "a small mtu", refused(tuned({ mtu: 60 }))],
  ["tuning", "a list without a plugin before it", refused(network("tuning"))],
  ["bandwidth", "a rate without a burst", refused(bandwidth({ ingressRate: 1_000_000 }))],
  ["bandwidth", "a tiny rate", refused(bandwidth({ egressRate: 4, egressBurst: 1_000_000 }))],
  ["bandwidth", "a list without a plugin before it", refused(network("bandwidth"))],
  [
    "bandwidth",
    "an interface without another end",
    refused(bandwidth({ ingressRate: 8000, ingressBurst: 80_000 }, "loopback"), { ifname: "lo" }),
  ],
  ["firewall", "a list without a plugin before it", refused(network("firewall"))],
  ["firewall", "an unknown policy", refused(network("firewall", { ingressPolicy: "closed" }))],
  [
    "firewall",
    "a policy without a bridge",
    (host) => {
      const list = network("firewall", { ingressPolicy: "isolated" });
      const container = host.network(list).container("web");
      const prevResult = { cniVersion: "1.0.0", ips: [{ address: "10.22.0.2/16" }] };
      const json = { ...list.plugins[0]!, name: "lan", cniVersion: "1.0.0", prevResult };
      const subject = { containerId: "web", ifname: "eth0", netns: container.namespace.path };
      return errorOf(callPlugin(host, "ADD", json, subject));
    },
  ],
  [
    "firewall",
    "a backend that does not run",
    (host) => {
      host.variables = { DBUS_SYSTEM_BUS_ADDRESS: "unix:path=/nowhere" };
      const subject = { containerId: "web", ifname: "eth0", netns: host.container().path };
      const prevResult = { cniVersion: "1.0.0", ips: [{ address: "10.22.0.2/16" }] };
      const keys = { type: "firewall", name: "lan", cniVersion: "1.0.0", backend: "firewalld", prevResult };
      return errorOf(callPlugin(host, "ADD", keys, subject));
    },
  ],
  [
    "firewall",
    "a chain in the way",
    (host) => {
      program(host.namespace, "nft", "add table inet mine");
      const chain = "{ type filter hook forward priority 0; policy drop; }";
      program(host.namespace, "nft", `add chain inet mine forward ${chain}`);
      return errorOf(host.network({ ...network("firewall"), cniVersion: "1.1.0" }).status());
    },
  ],
  [
    "loopback",
    "a foreign address",
    (host) => {
      const container = host.network(network("loopback")).container("web", { ifname: "lo" });
      using route = openRoute({ namespace: container.namespace });
      route.address.add({
        index: route.link.get({ ifname: "lo" }).index,
        address: "10.1.1.1",
        prefixlen: 32,
      });
      return container.refused("ADD");
    },
  ],
  [
    "loopback",
    "a loopback that is down",
    (host) => {
      const attachment = host.network(network("loopback")).add("web", { ifname: "lo" });
      attachment.del();
      return attachment.refused("CHECK");
    },
  ],
  ["static", "an address without prefix", refused(fixed("10.22.0.5"))],
  [
    "static",
    "two addresses for 0.2.0",
    refused({ ...fixed("10.22.0.5/16", "10.22.0.6/16"), cniVersion: "0.2.0" }),
  ],
  ["static", "an argument without prefix", refused(fixed("10.22.0.5/16"), { args: "IP=10.22.0.6" })],
  ["static", "a gateway that is none", refused(fixed("10.22.0.5/16"), { args: "IP=10.22.0.6/16;GATEWAY=x" })],
  ["static", "an address that the result lacks", differing({ address: "10.22.0.6/16" })],
  ["static", "another gateway in the result", differing({ address: "10.22.0.5/16", gateway: "10.22.0.2" })],
  ["dhcp", "no daemon", refused(network("dhcp", { ipam: {} }))],
  ["dhcp", "an unknown option", refused(network("dhcp", { ipam: { provide: [{ option: "hostname" }] } }))],
  ["dhcp", "a relative socket", refused(network("dhcp", { ipam: { daemonSocketPath: "dhcp.sock" } }))],
];

/** A list that puts an interface into a VRF, and then what `keys` say. */
const inVrf = (keys: object): Configuration => ({
  ...network("bridge"),
  plugins: [{ type: "bridge" }, { type: "vrf", vrfname: "red" }, { type: "vrf", ...keys }],
});

const failuresOfVrf: typeof failures = [
  ["vrf", "another master", refused(inVrf({ vrfname: "blue" }))],
  ["vrf", "another table", refused(inVrf({ vrfname: "red", table: 7 }))],
  ["vrf", "a list without a plugin before it", refused(network("vrf", { vrfname: "red" }))],
];

function expectOnPage(page: string, failure: Failure): void {
  using host = new Host();
  const { code, msg } = failure(host);
  const rows = [...readDocument(`docs/plugins/${page}.md`).prose.matchAll(/^\| (\d+) +\| `(.*)` +\|$/gm)].map(
    ([, number, text]) => `${number} ${text}`,
  );
  expect(rows).toContain(`${code} ${msg.replaceAll(host.plugins, "PLUGINS")}`);
}

live.test.each(failures)("the page of %s has the error of %s", (page, _, failure) =>
  expectOnPage(page, failure),
);

needs("namespaces", "link:vrf").test.each(failuresOfVrf)(
  "the page of %s has the error of %s",
  (page, _, failure) => expectOnPage(page, failure),
);
