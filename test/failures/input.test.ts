/** Configurations, names and variables that are wrong or hostile: refused with the right code before anything is done. */
import { afterAll, beforeAll, expect } from "bun:test";
import { needs } from "../needs.ts";
import { Host } from "../plugins/host.ts";
import { type Call, refused } from "./call.ts";
import { bridge, flatnet, ports } from "./networks.ts";
import { wholeState } from "./traces.ts";

const live = needs("namespaces", "program:unshare", "program:ip", "program:nft");

/** What is wrong, the call that has it, and the code and words of the error. */
type Case = [what: string, call: (host: Host) => Partial<Call>, code: number, words: RegExp];

const text = (config: string) => (): Partial<Call> => ({ config });
const key =
  (more: object) =>
  (host: Host): Partial<Call> => ({ config: flatnet(host, more as never) });
const ofBridge =
  (more: object) =>
  (host: Host): Partial<Call> => ({ config: bridge(host, more as never) });
const ipam = (more: object) => key({ ipam: more });
const variable = (variables: Call["variables"] & object) => (): Partial<Call> => ({ variables });

const json: Case[] = [
  ["nothing on standard input", text(""), 6, /it is empty/],
  ["half of a configuration", text('{"name":"net",'), 6, /not JSON/],
  ["a list", text("[]"), 6, /an object is needed/],
  ["zero bytes", text("\0\0\0\0"), 6, /not JSON/],
  [
    "objects inside each other 50,000 times",
    text(`{"name":"net","args":${'{"a":'.repeat(5e4)}1${"}".repeat(5e4)}}`),
    6,
    /inside each other/,
  ],
  ["lists without end", text("[".repeat(1e6)), 6, /not JSON/],
  ["seventeen megabytes", text(`{"name":"net","x":"${"a".repeat(17 << 20)}"}`), 5, /EFBIG/],
];

const keys: Case[] = [
  ["no name", key({ name: undefined }), 7, /`name` is missing/],
  ["a name that is a number", key({ name: 5 }), 6, /text is needed/],
  ["a name that leads out of a directory", key({ name: "../../etc" }), 7, /letter or digit first/],
  ["a name with a line's end", key({ name: "net\n" }), 7, /letter or digit first/],
  ["a name with an escape", key({ name: "\u001b[31mnet" }), 7, /letter or digit first/],
  ["a name too long for a directory", key({ name: "n".repeat(256) }), 7, /256 characters.*shorter/],
  ["a version that nobody speaks", key({ cniVersion: "9.9.9" }), 1, /incompatible/],
  ["a version that is none", key({ cniVersion: "latest" }), 1, /incompatible/],
  ["a number in quotes", key({ mtu: "1500" }), 7, /mtu: .*remove the quotes/],
  ["an mtu below zero", key({ mtu: -1 }), 7, /mtu: wanted an integer/],
  ["an mtu that no link can have", key({ mtu: 10 }), 999, /mtu less than device minimum/],
  ["a bridge that is a path", key({ bridge: "../../br0" }), 7, /bridge: wanted an interface name/],
  ["a bridge of sixteen letters", key({ bridge: "sixteen-letters-" }), 7, /1 to 15 characters/],
  ["a bridge that makes the kernel count", key({ bridge: "br%d" }), 7, /no .*percent sign/],
  ["a bridge with a bell", key({ bridge: "br\u0007" }), 7, /control character/],
  ["an IPAM plugin that is a path", ipam({ type: "../../bin/sh" }), 7, /ipam.type: .*without a slash/],
  ["an IPAM plugin that is not there", ipam({ type: "nowhere" }), 999, /not in .*install it there/],
  ["leases in a directory with a zero byte", ipam({ dataDir: "/tmp/a\0b" }), 999, /EINVAL/],
  ["leases below a file", ipam({ dataDir: "/etc/passwd" }), 999, /ENOTDIR.*move it away/],
  ["a subnet that is no network", ipam({ subnet: "10.1.2.3/33" }), 7, /ipam.subnet: wanted a network/],
  ["a subnet with host bits", ipam({ subnet: "10.1.2.3/24" }), 7, /write 10.1.2.0\/24/],
  ["a subnet of two addresses", ipam({ subnet: "10.1.2.0/31" }), 7, /too small.*30 bits/],
  ["a subnet of two IPv6 addresses", ipam({ subnet: "fd00::/127" }), 7, /too small.*126 bits/],
  [
    "ranges that overlap",
    ipam({ ranges: [[{ subnet: "10.1.0.0/16" }], [{ subnet: "10.1.2.0/24" }]] }),
    7,
    /overlaps/,
  ],
  [
    "a range outside of its subnet",
    ipam({ subnet: "10.1.2.0/24", rangeStart: "10.1.3.1" }),
    7,
    /not in 10.1.2.0\/24/,
  ],
  [
    "a gateway outside of the subnet",
    ipam({ subnet: "10.1.2.0/24", gateway: "10.9.9.9" }),
    999,
    /give a gateway in the subnet/,
  ],
  [
    "a gateway that is the broadcast address",
    ipam({ subnet: "10.1.2.0/24", gateway: "10.1.2.255" }),
    999,
    /give the address of another host/,
  ],
  [
    "a route by a gateway nobody reaches",
    ipam({ subnet: "10.1.2.0/24", routes: [{ dst: "1.0.0.0/8", gw: "9.9.9.9" }] }),
    999,
    /route to 1.0.0.0\/8 via 9.9.9.9: .*give a gateway/,
  ],
  [
    "the same route twice",
    ipam({ subnet: "10.1.2.0/24", routes: [{ dst: "1.0.0.0/8" }, { dst: "1.0.0.0/8" }] }),
    999,
    /leave out one/,
  ],
  [
    "a subnet beside hostId",
    key({ hostId: 3, ipam: { subnet: "10.1.2.0/24" } }),
    7,
    /leave out one of the two/,
  ],
  [
    "the gateway's address for a container",
    key({ runtimeConfig: { ips: ["10.87.1.1"] } }),
    999,
    /the gateway's; ask for another/,
  ],
  ["an address of no range", key({ runtimeConfig: { ips: ["10.99.1.1"] } }), 999, /no range set has room/],
  [
    "a group's address for an interface",
    key({ runtimeConfig: { mac: "01:00:5e:00:00:01" } }),
    999,
    /no interface can have.*not multicast/,
  ],
  ["port 0", key({ runtimeConfig: ports({ hostPort: 0 }) }), 7, /from 1 to 65535/],
  [
    "a protocol without ports",
    key({ runtimeConfig: ports({ hostPort: 80, protocol: "icmp" }) }),
    7,
    /"tcp" or "udp" or "sctp"/,
  ],
  [
    "a port for two places",
    key({ runtimeConfig: ports({ hostPort: 80 }, { hostPort: 80, containerPort: 81 }) }),
    7,
    /80\/tcp/,
  ],
  [
    "a port on an address of a family that is not there",
    key({ runtimeConfig: ports({ hostPort: 80, hostIP: "::1" }) }),
    7,
    /no IPv6 address/,
  ],
  ["a prevResult that is none", key({ prevResult: 5 }), 6, /prevResult/],
  [
    "hairpin and promiscuous mode of one bridge",
    ofBridge({ hairpinMode: true, promiscMode: true }),
    7,
    /set one of the two to false/,
  ],
  ["a trunk of VLANs without an end", ofBridge({ vlanTrunk: [{ minID: 5 }] }), 7, /vlanTrunk/],
];

const variables: Case[] = [
  [
    "no variables",
    variable({ CNI_CONTAINERID: "", CNI_NETNS: "", CNI_IFNAME: "", CNI_PATH: "" }),
    4,
    /CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH/,
  ],
  ["a command in lower case", variable({ CNI_COMMAND: "add" }), 4, /unknown CNI_COMMAND: add/],
  [
    "a container id that leads out of a directory",
    variable({ CNI_CONTAINERID: "../../etc" }),
    4,
    /letter or digit first/,
  ],
  ["a container id of two lines", variable({ CNI_CONTAINERID: "a\nb" }), 4, /letter or digit first/],
  [
    "a container id too long for a lease",
    variable({ CNI_CONTAINERID: "c".repeat(5000) }),
    4,
    /may have 1024/,
  ],
  [
    "an interface name of sixteen bytes",
    variable({ CNI_IFNAME: "sixteen-letters-" }),
    4,
    /16 bytes, the kernel allows 15/,
  ],
  ["an interface that is a directory", variable({ CNI_IFNAME: ".." }), 4, /keeps this name/],
  ["an interface that is a path", variable({ CNI_IFNAME: "../eth0" }), 4, /not allowed/],
  ["an interface with a bell", variable({ CNI_IFNAME: "eth\u0007" }), 4, /control characters/],
  ["an interface that makes the kernel count", variable({ CNI_IFNAME: "eth%d" }), 4, /`%`/],
  ["arguments that are no pairs", variable({ CNI_ARGS: "IP" }), 4, /not KEY=value/],
  ["an address that is none among the arguments", variable({ CNI_ARGS: "IP=10.1" }), 4, /IP=10.1.0.5/],
  [
    "a link-layer address that is none among the arguments",
    variable({ CNI_ARGS: "MAC=zz" }),
    4,
    /MAC is "zz"/,
  ],
];

live.describe("an ADD is refused, and nothing is made, with", () => {
  let host: Host;
  let before: string[];
  beforeAll(() => {
    host = new Host();
    before = wholeState(host);
  });
  afterAll(() => host[Symbol.dispose]());

  live.test.each([...json, ...keys, ...variables])("%s", async (_, make, code, words) => {
    const container = host.container();
    const made: Call = { config: flatnet(host), netns: container, ...make(host) };
    const error = await refused(host, "ADD", made);
    expect(error).toMatchObject({ code, msg: expect.stringMatching(words) });
    expect(wholeState(host, container)).toEqual(before);
  });
});
