/** What plugins that make a link on a master have in common, as scenarios. */
import type { Configuration } from "../plugins/call.ts";
import { dual, v4 } from "./configurations.ts";
import { add, check, del, look, type Scenario } from "./play.ts";

export const once = [add("a"), look, check("a"), del("a")] as const;

/** The cable of every host to the outside. */
export const master = "uplink0";

export type NetworkOf = (keys: object, cniVersion?: string, name?: string) => Configuration;

/** Networks of the plugin `type` on the cable to the outside. */
export const networksOf =
  (type: string): NetworkOf =>
  (keys, cniVersion = "1.0.0", name = "net") => ({
    cniVersion,
    name,
    plugins: [{ type, capabilities: { mac: true, ips: true }, master, ...keys }],
  });

const routes = [
  { dst: "0.0.0.0/0", gw: "10.1.2.1" },
  { dst: "192.168.7.0/24", gw: "10.1.2.9" },
  { dst: "2001:db8:8::/48", gw: "fd00:1:2::9" },
];

/** What is to be played on a slow kernel, where each look takes seconds. */
const short = [
  "addresses and routes of both families, and an MTU",
  "routes by the addresses' gateways",
  "resolver settings",
  "two networks, and a container in both",
  "a master that is not there",
  "a DEL whose namespace has ended",
  "the result of 0.2.0",
];

const pick = (scenarios: Record<string, Scenario>, names: readonly string[]): Record<string, Scenario> =>
  Object.fromEntries(names.map((name) => [name, scenarios[name]!]));

/**
 * What is played with each of them; for those that this machine's kernel may lack, a part of it.
 * @param other keys of a second network, where its links need an id of their own
 */
export const common = (network: NetworkOf, other: object = {}): Record<string, Scenario> =>
  pick(all(network, other), short);

/** All of it. */
export const all = (network: NetworkOf, other: object = {}): Record<string, Scenario> => ({
  "an address": { network: network({ ipam: v4 }), steps: once },
  "addresses and routes of both families, and an MTU": {
    network: network({ mtu: 1400, ipam: { ...dual, routes } }),
    steps: [add("a"), look, check("a"), del("a"), del("a")],
  },
  "routes by the addresses' gateways": {
    network: network({ ipam: { ...v4, routes: [{ dst: "0.0.0.0/0" }, { dst: "192.168.0.0/16" }] } }),
    steps: [add("a"), check("a"), del("a")],
    shows: ["checkOfImpliedGateway"],
  },
  "an address that is asked for": {
    network: network({ ipam: v4 }),
    steps: [add("a", { runtimeConfig: { ips: ["10.1.2.88"] } }), del("a"), look],
  },
  "resolver settings": {
    network: network({ ipam: v4, dns: { nameservers: ["192.0.2.53"], search: ["example"] } }),
    steps: [add("a"), del("a")],
  },
  "two networks, and a container in both": {
    network: network({ ipam: v4 }),
    steps: [
      add("a"),
      add("a", { ifname: "net1", network: second(network, other) }),
      check("a"),
      check("a", { ifname: "net1", network: second(network, other) }),
      del("a"),
      look,
      del("a", { ifname: "net1", network: second(network, other) }),
    ],
  },
  "a master that is not there": {
    network: network({ master: "nosuch0", ipam: v4 }),
    steps: [add("a", { refused: true })],
  },
  "a DEL whose namespace has ended": {
    network: network({ ipam: v4 }),
    steps: [add("a"), { end: "a" }, check("a", { refused: true }), del("a"), del("a"), look],
  },
  ...Object.fromEntries(
    ["", "0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0"].map((version) => [
      `the result of ${version === "" ? "no version" : version}`,
      { network: network({ ipam: v4 }, version), steps: [add("a"), del("a")] },
    ]),
  ),
});

function second(network: NetworkOf, other: object): Configuration {
  return network({ ...other, ipam: { type: "host-local", subnet: "10.5.0.0/24" } }, "1.0.0", "other");
}
