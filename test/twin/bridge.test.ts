/** `bridge` beside Debian's Go plugin of that name: the same calls, the same answers, links, addresses, routes, sysctls and files. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import type { Configuration } from "../plugins/call.ts";
import { goPlugins } from "../plugins/executable.ts";
import { bridge, comeAndGo, dual, madeBridge, v4, v6 } from "./configurations.ts";
import { expectedDifferences } from "./expected.ts";
import { add, check, checksOfWhatIsGone, del, differences, look, type Scenario } from "./play.ts";

const twin = needs("namespaces", `file:${goPlugins}/bridge`, "program:ip", "program:iptables");

const scenarios: Record<string, Scenario> = {
  "addresses and a gateway": { network: bridge({ isGateway: true, ipam: v4 }), steps: comeAndGo },
  "a default gateway in both families": {
    network: bridge({ isDefaultGateway: true, ipam: dual }),
    steps: comeAndGo,
  },
  "a default gateway for IPv6 only": {
    network: bridge({ isDefaultGateway: true, ipam: v6 }),
    steps: comeAndGo,
  },
  masquerading: { network: bridge({ isDefaultGateway: true, ipMasq: true, ipam: dual }), steps: comeAndGo },
  "an MTU": { network: bridge({ isGateway: true, mtu: 1400, ipam: v4 }), steps: comeAndGo },
  "hairpin mode": { network: bridge({ isGateway: true, hairpinMode: true, ipam: v4 }), steps: comeAndGo },
  "a promiscuous bridge": {
    network: bridge({ isGateway: true, promiscMode: true, ipam: v4 }),
    steps: comeAndGo,
  },
  "a bridge of another name": {
    network: bridge({ bridge: "lan.0", isGateway: true, ipam: v4 }),
    steps: comeAndGo,
  },
  "no addresses at all": {
    network: bridge({}),
    steps: [add("a"), look, check("a"), del("a"), look],
    shows: ["ownAddress", "checkWithoutAddresses"],
  },
  "addresses without a gateway": {
    network: bridge({ ipam: { ...v4, routes: [{ dst: "192.168.0.0/16" }] } }),
    steps: [add("a"), look, check("a"), del("a"), look],
    shows: ["ownAddress", "checkOfImpliedGateway"],
  },
  "routes with and without a gateway of their own": {
    network: bridge({
      isGateway: true,
      ipam: {
        ...dual,
        routes: [
          { dst: "0.0.0.0/0" },
          { dst: "192.168.0.0/16" },
          { dst: "192.168.7.0/24", gw: "10.1.2.9" },
          { dst: "2001:db8:9::/48" },
          { dst: "2001:db8:8::/48", gw: "fd00:1:2::9" },
        ],
      },
    }),
    steps: comeAndGo,
    shows: ["checkOfImpliedGateway"],
  },
  "two routes to one destination": {
    network: bridge({
      isGateway: true,
      ipam: {
        ...v4,
        routes: [
          { dst: "172.16.0.0/12", gw: "10.1.2.9" },
          { dst: "172.16.0.0/12", gw: "10.1.2.8" },
        ],
      },
    }),
    steps: [add("a"), look, check("a"), del("a"), look],
  },
  "several ranges, and a gateway that is not the first address": {
    network: bridge({
      isDefaultGateway: true,
      forceAddress: true,
      ipam: {
        type: "host-local",
        ranges: [
          [
            { subnet: "10.1.2.0/30" },
            { subnet: "10.1.3.0/24", rangeStart: "10.1.3.20", gateway: "10.1.3.254" },
          ],
          [{ subnet: "fd00:1:2::/64" }],
        ],
      },
    }),
    steps: [add("a"), del("a"), add("b"), add("c"), look, del("b"), del("c"), look],
  },
  "link-layer addresses from all sources": {
    network: bridge({ isGateway: true, ipam: v4, args: { cni: { mac: "02:00:00:00:00:0b" } } }),
    steps: [
      add("a", {
        network: bridge({ isGateway: true, ipam: v4 }),
        args: "IgnoreUnknown=1;MAC=02:00:00:00:00:0A;K8S_POD_NAME=x",
      }),
      add("b", { args: "IgnoreUnknown=1;MAC=02:00:00:00:00:0a" }),
      add("c", {
        args: "IgnoreUnknown=1;MAC=02:00:00:00:00:0a",
        runtimeConfig: { mac: "02:00:00:00:00:0C" },
      }),
      look,
      check("a"),
      check("b"),
      check("c", { runtimeConfig: { mac: "02:00:00:00:00:0C" } }),
      del("a"),
      del("b"),
      del("c"),
      look,
    ],
  },
  "addresses that are asked for": {
    network: bridge({ isGateway: true, ipam: dual }),
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
    network: bridge({ isGateway: true, ipam: v4, dns: { nameservers: ["192.0.2.53"], search: ["example"] } }),
    steps: [add("a"), del("a"), look],
  },
  "a bridge that is there": {
    network: bridge({ isGateway: true, mtu: 1400, ipam: v4 }),
    steps: [madeBridge(), ...comeAndGo],
  },
  "a bridge that is there, with the gateway's address": {
    network: bridge({ isGateway: true, ipam: v4 }),
    steps: [madeBridge("10.1.2.1/24"), ...comeAndGo],
  },
  "a bridge with other addresses, replaced by force": {
    network: bridge({ isGateway: true, forceAddress: true, ipam: v4 }),
    steps: [madeBridge("10.9.9.1/24", "10.8.8.1/24"), ...comeAndGo],
  },
  "two networks on two bridges, and a container in both": {
    network: bridge({ isDefaultGateway: true, ipam: v4 }),
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
    network: bridge({ isGateway: true, ipam: v4 }),
    steps: [add("a"), add("a", { refused: true }), look, del("a"), look],
  },
  "a DEL whose namespace has ended": {
    network: bridge({ isGateway: true, ipam: v4 }),
    steps: [
      add("a"),
      add("b"),
      { end: "a" },
      check("a", { refused: true }),
      del("a"),
      del("a"),
      look,
      check("b"),
    ],
  },
  "a CHECK of what is no longer there": {
    network: bridge({
      isGateway: true,
      ipam: { ...v4, routes: [{ dst: "192.168.0.0/16", gw: "10.1.2.9" }] },
    }),
    steps: [...checksOfWhatIsGone("ip link delete eth0"), look],
  },
  "detection of duplicate addresses": {
    network: bridge({ isGateway: true, enabledad: true, ipam: dual }),
    steps: comeAndGo,
  },
  "no other link-layer address": {
    network: bridge({ isGateway: true, macspoofchk: true, ipam: v4 }),
    steps: comeAndGo,
  },
  "hairpin mode, masquerading and both families": {
    network: bridge({ isDefaultGateway: true, hairpinMode: true, ipMasq: true, ipam: dual }),
    steps: comeAndGo,
  },
  "an MTU of the least for IPv6": {
    network: bridge({ isGateway: true, mtu: 1280, ipam: v6 }),
    steps: comeAndGo,
  },
  "a bridge that is there and down, promiscuous": {
    network: bridge({ isGateway: true, promiscMode: true, ipam: v4 }),
    steps: [madeBridge(), { in: "host", run: "ip link set cni0 down" }, ...comeAndGo],
  },
  "an IPv6 address in the way, replaced by force": {
    network: bridge({ isGateway: true, forceAddress: true, ipam: v6 }),
    steps: [madeBridge("fd00:1:2::99/48 nodad", "fd00:9::1/64 nodad", "10.9.9.1/24"), ...comeAndGo],
  },
  "IPv6 networks side by side on one bridge": {
    network: bridge({ isGateway: true, ipam: v6 }),
    steps: [
      add("a"),
      add("b", { network: beside() }),
      look,
      check("b", { network: beside() }),
      del("a"),
      del("b", { network: beside() }),
      look,
    ],
  },
  "two interfaces of a container in one network": {
    network: bridge({ isGateway: true, ipam: v4 }),
    steps: [
      add("a"),
      add("a", { ifname: "net1.5" }),
      look,
      check("a"),
      check("a", { ifname: "net1.5" }),
      del("a"),
      look,
      del("a", { ifname: "net1.5" }),
      look,
    ],
  },
  "a container in which IPv6 is off": {
    network: bridge({ isDefaultGateway: true, ipam: dual }),
    steps: [
      { in: "a", run: "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6" },
      { in: "a", run: "echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6" },
      add("a"),
      look,
      check("a"),
      del("a"),
      look,
    ],
  },
  "a host that forwards already": {
    network: bridge({ isDefaultGateway: true, ipam: dual }),
    steps: [
      { in: "host", run: "echo 1 >/proc/sys/net/ipv4/ip_forward" },
      { in: "host", run: "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding" },
      add("a"),
      look,
      del("a"),
      look,
    ],
  },
  "a default route of IPAM's own beside isDefaultGateway": {
    network: bridge({
      isDefaultGateway: true,
      ipam: { ...v4, routes: [{ dst: "0.0.0.0/0", gw: "10.1.2.9" }] },
    }),
    steps: [add("a"), look, check("a"), del("a"), look],
  },
  "names with dots and dashes": {
    network: bridge({ bridge: "br-lan_0.1", isGateway: true, ipam: v4 }, "1.0.0", "my.net-1_a"),
    steps: [add("a.b-c_D"), look, check("a.b-c_D"), del("a.b-c_D"), look],
  },
  ...Object.fromEntries(
    ["", "0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0"].map((version) => [
      `the result of ${version === "" ? "no version" : version}`,
      {
        network: bridge({ isDefaultGateway: true, ipam: dual }, version),
        steps: [add("a"), look, del("a"), look],
      },
    ]),
  ),
};

function other(): Configuration {
  const ipam = { type: "host-local", subnet: "10.5.0.0/24" };
  return bridge({ bridge: "cni1", isGateway: true, ipam }, "1.0.0", "other");
}

function beside(): Configuration {
  const ipam = { type: "host-local", subnet: "fd00:7::/64" };
  return bridge({ isGateway: true, ipam }, "1.0.0", "beside");
}

twin.describe("bridge does as Go's does with", () => {
  twin.test.each(Object.entries(scenarios))("%s", (_, scenario) => {
    expect(differences(scenario)).toEqual(expectedDifferences(scenario));
  });
});
