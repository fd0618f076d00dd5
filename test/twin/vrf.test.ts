/**
 * `vrf` after `bridge`, beside Debian's Go plugin of that name, which does not keep the routes that IPAM gave: those are
 * in test/plugins/vrf.
 */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import type { Configuration } from "../plugins/call.ts";
import { goPlugins } from "../plugins/executable.ts";
import { dual, madeBridge, v4, v6 } from "./configurations.ts";
import { expectedDifferences } from "./expected.ts";
import { add, check, del, differences, look, type Scenario } from "./play.ts";

const twin = needs("namespaces", "link:vrf", `file:${goPlugins}/vrf`, "program:ip");

/** A network of a bridge whose containers' interfaces are in a VRF. */
const inVrf = (
  ipam: object,
  keys: object = {},
  bridge: object = { isGateway: true },
  cniVersion = "1.0.0",
): Configuration => ({
  cniVersion,
  name: "net",
  plugins: [
    { type: "bridge", ipam, ...bridge },
    { type: "vrf", vrfname: "red", ...keys },
  ],
});

/** A second network, for a second interface. */
const second = (ipam: object, keys: object): Configuration => ({
  cniVersion: "1.0.0",
  name: "other",
  plugins: [
    { type: "bridge", bridge: "cni1", isGateway: true, ipam },
    { type: "vrf", ...keys },
  ],
});

const elsewhere = { type: "host-local", subnet: "10.5.0.0/24" };
const comeAndGo = [add("a"), look, del("a"), look] as const;
const refused = [add("a", { refused: true })] as const;

const two = (other: Configuration) =>
  [
    add("a"),
    add("a", { ifname: "net1", network: other }),
    look,
    del("a", { ifname: "net1", network: other }),
    look,
    del("a"),
    look,
  ] as const;

const scenarios: Record<string, Scenario> = {
  "an address, and several calls": {
    network: inVrf(v4),
    steps: [add("a"), look, check("a"), del("a"), del("a"), add("a"), look],
    shows: ["vrfQueue", "checkOfMovedRoutes"],
  },
  "no address": {
    network: inVrf({}, {}, {}),
    steps: [madeBridge(), ...comeAndGo],
    shows: ["vrfQueue"],
  },
  "an address of IPv6": { network: inVrf(v6), steps: comeAndGo, shows: ["vrfQueue"] },
  "both families": { network: inVrf(dual), steps: comeAndGo, shows: ["vrfQueue"] },
  "a table": { network: inVrf(v4, { table: 1234 }), steps: comeAndGo, shows: ["vrfQueue"] },
  "two interfaces in one VRF": {
    network: inVrf(v4),
    steps: two(second(elsewhere, { vrfname: "red" })),
    shows: ["vrfQueue"],
  },
  "two interfaces in two VRFs": {
    network: inVrf(v4),
    steps: two(second(elsewhere, { vrfname: "blue" })),
    shows: ["vrfQueue"],
  },
  "the same address in two VRFs": {
    network: inVrf(v4),
    steps: two(second(v4, { vrfname: "blue" })),
    shows: ["vrfQueue"],
  },
  "two VRFs with one table": {
    network: inVrf(v4, { table: 42 }),
    steps: two(second(elsewhere, { vrfname: "blue", table: 42 })),
    shows: ["vrfQueue"],
  },
  "a VRF that is there": {
    network: inVrf(v4),
    steps: [{ in: "a", run: "ip link add red type vrf table 77; ip link set red up" }, ...comeAndGo],
  },
  "tables that VRFs have": {
    network: inVrf(v4),
    steps: [
      { in: "a", run: "ip link add one type vrf table 1; ip link add three type vrf table 3" },
      ...comeAndGo,
    ],
    shows: ["vrfQueue"],
  },
  "0.3.1": {
    network: inVrf(v4, {}, { isGateway: true }, "0.3.1"),
    steps: comeAndGo,
    shows: ["vrfQueue"],
  },
  "a name that something else has": {
    network: inVrf(v4),
    steps: [{ in: "a", run: "ip link add red type dummy" }, ...refused],
  },
  "a VRF with another table": {
    network: inVrf(v4, { table: 5 }),
    steps: [{ in: "a", run: "ip link add red type vrf table 77" }, ...refused],
  },
  "an interface that has a master": {
    network: {
      ...inVrf(v4),
      plugins: [...inVrf(v4, { vrfname: "blue" }).plugins, { type: "vrf", vrfname: "red" }],
    },
    steps: refused,
  },
  "a CHECK of an interface that has left": {
    network: inVrf(v4),
    steps: [add("a"), { in: "a", run: "ip link set eth0 nomaster" }, check("a")],
    shows: ["checkOfVrf"],
  },
  "a CHECK of a VRF that is gone": {
    network: inVrf(v4),
    steps: [add("a"), { in: "a", run: "ip link delete red" }, check("a")],
    shows: ["checkOfVrf"],
  },
  "no name": { network: inVrf(v4, { vrfname: "" }), steps: refused, shows: ["invalidConfig"] },
  "no plugin before it": {
    network: { cniVersion: "1.0.0", name: "net", plugins: [{ type: "vrf", vrfname: "red" }] },
    steps: refused,
    shows: ["invalidConfig"],
  },
};

twin.describe("vrf does as Go's does with", () => {
  twin.test.each(Object.entries(scenarios))("%s", (_, scenario) => {
    expect(differences(scenario)).toEqual(expectedDifferences(scenario));
  });
});
