/** What Go's `bridge` refuses, ours does, and what is left of it is the same. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import { goPlugins } from "../plugins/executable.ts";
import { bridge, bridgeSettled, madeBridge, v4 } from "./configurations.ts";
import { expectedDifferences } from "./expected.ts";
import { add, check, del, differences, look, type Scenario } from "./play.ts";

const twin = needs("namespaces", `file:${goPlugins}/bridge`, "program:ip");

const refusals: Record<string, Scenario> = {
  "hairpin mode and a promiscuous bridge": {
    network: bridge({ hairpinMode: true, promiscMode: true, ipam: v4 }),
    steps: [add("a", { refused: true })],
    shows: ["invalidConfig"],
  },
  "text for a switch": {
    network: bridge({ isGateway: "true", ipam: v4 }),
    steps: [add("a", { refused: true }), look],
    shows: ["invalidConfig"],
  },
  "text for a number": {
    network: bridge({ mtu: "1400", ipam: v4 }),
    steps: [add("a", { refused: true }), look],
    shows: ["invalidConfig"],
  },
  "a VLAN that cannot be": {
    network: bridge({ vlan: 5000, ipam: v4 }),
    steps: [add("a", { refused: true }), look],
    shows: ["invalidConfig"],
  },
  "an IPAM plugin that is not there": {
    network: bridge({ isGateway: true, ipam: { type: "nosuch" } }),
    steps: [add("a", { refused: true })],
  },
  "IPAM without a range": {
    network: bridge({ isGateway: true, ipam: { type: "host-local" } }),
    steps: [add("a", { refused: true })],
    shows: ["invalidConfig"],
  },
  "a bridge's name that something else has": {
    network: bridge({ bridge: "uplink0", isGateway: true, ipam: v4 }),
    steps: [add("a", { refused: true })],
  },
  "another address on the bridge": {
    network: bridge({ isGateway: true, ipam: v4 }),
    steps: [madeBridge("10.9.9.1/24"), add("a", { refused: true })],
  },
  "one route twice": {
    network: bridge({
      isGateway: true,
      ipam: { ...v4, routes: [{ dst: "10.8.0.0/16" }, { dst: "10.8.0.0/16" }] },
    }),
    steps: [add("a", { refused: true }), bridgeSettled, del("a"), look],
    shows: ["bridgeStays"],
  },
  "a gateway that cannot be reached": {
    network: bridge({ isGateway: true, ipam: { ...v4, routes: [{ dst: "10.8.0.0/16", gw: "172.31.0.1" }] } }),
    steps: [add("a", { refused: true }), bridgeSettled, del("a"), look],
    shows: ["bridgeStays"],
  },
  "a result without addresses for 0.2.0": {
    network: bridge({}, "0.2.0"),
    steps: [add("a", { refused: true })],
  },
  "CHECK before 0.4.0": {
    network: bridge({ isGateway: true, ipam: v4 }, "0.3.1"),
    steps: [add("a"), check("a", { refused: true })],
  },
  "a version that nobody has": {
    network: bridge({ ipam: v4 }, "7.0.0"),
    steps: [add("a", { refused: true }), look],
  },
  "arguments that nobody knows": {
    network: bridge({ isGateway: true, ipam: v4 }),
    steps: [add("a", { args: "FOO=1", refused: true }), add("b", { args: "MAC=zz", refused: true })],
    shows: ["invalidArguments"],
  },
  "hostile names": {
    network: bridge({ isGateway: true, ipam: v4 }),
    steps: [
      add("a/b", { refused: true }),
      add("-a", { refused: true }),
      add("a", { ifname: "a/b", refused: true }),
      add("b", { ifname: "sixteen-letters-", refused: true }),
      add("c", { network: bridge({ ipam: v4 }, "1.0.0", "../net"), refused: true }),
      look,
    ],
  },
};

twin.describe("bridge refuses as Go's does", () => {
  twin.test.each(Object.entries(refusals))("%s", (_, scenario) => {
    expect(differences(scenario)).toEqual(expectedDifferences(scenario));
  });
});
