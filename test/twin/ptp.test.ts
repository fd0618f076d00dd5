/** `ptp` beside Debian's Go plugin of that name: the same calls, the same answers, links, addresses, routes, sysctls and files. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import type { Configuration } from "../plugins/call.ts";
import { goPlugins } from "../plugins/executable.ts";
import { comeAndGo, dual, v4, v6 } from "./configurations.ts";
import { expectedDifferences } from "./expected.ts";
import { add, check, checksOfWhatIsGone, del, differences, look, type Scenario } from "./play.ts";

const twin = needs("namespaces", `file:${goPlugins}/ptp`, "program:ip", "program:iptables");

const ptp = (keys: object, cniVersion = "1.0.0", name = "net"): Configuration => ({
  cniVersion,
  name,
  plugins: [{ type: "ptp", capabilities: { ips: true }, ...keys }],
});

const routes = [
  { dst: "0.0.0.0/0" },
  { dst: "192.168.0.0/16", gw: "10.1.2.1" },
  { dst: "192.168.7.0/24", gw: "10.1.2.9" },
];
const routes6 = [
  { dst: "::/0", gw: "fd00:1:2::1" },
  { dst: "2001:db8:8::/48", gw: "fd00:1:2::9" },
];

const scenarios: Record<string, Scenario> = {
  "an address": { network: ptp({ ipam: v4 }), steps: comeAndGo },
  "addresses of both families": { network: ptp({ ipam: dual }), steps: comeAndGo },
  "an IPv6 address": { network: ptp({ ipam: v6 }), steps: [add("a"), look, check("a"), del("a"), look] },
  "routes, some by another gateway of the network": {
    network: ptp({ ipam: { ...v4, routes } }),
    steps: [add("a"), add("b"), look, del("a"), del("b"), look],
  },
  "routes of both families": {
    network: ptp({ ipam: { ...dual, routes: [...routes, ...routes6] } }),
    steps: [add("a"), look, del("a"), look],
  },
  "an MTU": { network: ptp({ mtu: 1400, ipam: v4 }), steps: comeAndGo },
  masquerading: { network: ptp({ ipMasq: true, ipam: dual }), steps: comeAndGo },
  "several ranges, and a gateway that is not the first address": {
    network: ptp({
      ipam: {
        type: "host-local",
        ranges: [
          [{ subnet: "10.1.3.0/24", rangeStart: "10.1.3.20", gateway: "10.1.3.254" }],
          [{ subnet: "10.7.0.0/16" }],
        ],
      },
    }),
    steps: comeAndGo,
  },
  "a gateway outside the subnet of static addresses": {
    network: ptp({
      ipam: { type: "static", addresses: [{ address: "10.1.2.5/24", gateway: "169.254.1.1" }] },
    }),
    steps: [add("a"), look, check("a"), del("a"), look],
  },
  "addresses that are asked for": {
    network: ptp({ ipam: dual }),
    steps: [
      add("a", { args: "IgnoreUnknown=1;IP=10.1.2.77" }),
      add("b", { runtimeConfig: { ips: ["10.1.2.88", "fd00:1:2::88"] } }),
      add("c", { runtimeConfig: { ips: ["10.1.2.88"] }, refused: true }),
      del("c"),
      look,
      del("a"),
      del("b"),
      look,
    ],
  },
  "resolver settings": {
    network: ptp({ ipam: v4, dns: { nameservers: ["192.0.2.53"], search: ["example"] } }),
    steps: [add("a"), del("a"), look],
  },
  "resolver settings of IPAM": {
    network: ptp({
      ipam: {
        type: "static",
        addresses: [{ address: "10.1.2.5/24", gateway: "10.1.2.1" }],
        dns: { nameservers: ["192.0.2.54"] },
      },
    }),
    steps: [add("a"), del("a"), look],
  },
  "two networks, and a container in both": {
    network: ptp({ ipam: v4 }),
    steps: [
      add("a"),
      add("a", { ifname: "net1", network: other() }),
      look,
      check("a"),
      check("a", { ifname: "net1", network: other() }),
      del("a"),
      look,
      del("a", { ifname: "net1", network: other() }),
      look,
    ],
  },
  "an ADD that comes twice": {
    network: ptp({ ipam: v4 }),
    steps: [add("a"), add("a", { refused: true }), look, del("a"), look],
  },
  "no IPAM plugin": {
    network: ptp({}),
    steps: [add("a", { refused: true })],
  },
  "a DEL whose namespace has ended": {
    network: ptp({ ipam: v4 }),
    steps: [
      add("a"),
      add("b"),
      { end: "a" },
      check("a", { refused: true }),
      del("a"),
      del("a"),
      look,
      check("b"),
      del("b"),
      look,
    ],
  },
  "a CHECK of what is no longer there": {
    network: ptp({ ipam: { ...v4, routes: [{ dst: "192.168.0.0/16", gw: "10.1.2.1" }] } }),
    steps: [...checksOfWhatIsGone("ip link delete eth0"), look],
  },
  ...Object.fromEntries(
    ["", "0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0"].map((version) => [
      `the result of ${version === "" ? "no version" : version}`,
      { network: ptp({ ipam: v4 }, version), steps: [add("a"), look, del("a"), look] },
    ]),
  ),
};

function other(): Configuration {
  return ptp({ ipam: { type: "host-local", subnet: "10.5.0.0/24" } }, "1.0.0", "other");
}

twin.describe("ptp does as Go's does with", () => {
  twin.test.each(Object.entries(scenarios))("%s", (_, scenario) => {
    expect(differences(scenario)).toEqual(expectedDifferences(scenario));
  });
});
