/** `ipvlan` beside Debian's Go plugin of that name: the same calls, the same answers, links, addresses, routes, sysctls and files. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import type { Configuration } from "../plugins/call.ts";
import { goPlugins } from "../plugins/executable.ts";
import { dual, v4 } from "./configurations.ts";
import { expectedDifferences } from "./expected.ts";
import { common, master, networksOf, once } from "./linked.ts";
import { add, check, del, differences, type Scenario } from "./play.ts";

const twin = needs("namespaces", "link:ipvlan", `file:${goPlugins}/ipvlan`, "program:ip");

const ipvlan = networksOf("ipvlan");

/** A pair whose host's end is the master of a second interface with its addresses. */
const chained = (keys: object): Configuration => ({
  cniVersion: "1.0.0",
  name: "net",
  plugins: [
    { type: "macvlan", master, ipam: dual },
    { type: "ipvlan", ...keys },
  ],
});

const scenarios: Record<string, Scenario> = {
  ...common(ipvlan),
  ...Object.fromEntries(
    ["l3", "l3s"].map((mode) => [`the mode "${mode}"`, { network: ipvlan({ mode, ipam: v4 }), steps: once }]),
  ),
  "a mode that there is not": {
    network: ipvlan({ mode: "l4", ipam: v4 }),
    steps: [add("a", { refused: true })],
    shows: ["invalidConfig"],
  },
  "no addresses at all": { network: ipvlan({}), steps: [add("a", { refused: true })] },
  "addresses of a plugin before it, whose interface has its name": {
    network: chained({ master }),
    steps: [add("a", { refused: true })],
  },
  "an MTU larger than the master's": {
    network: ipvlan({ mtu: 9000, ipam: v4 }),
    steps: [add("a"), del("a")],
  },
  "the master by the default route": {
    network: ipvlan({ master: undefined, ipam: v4 }),
    steps: [{ in: "host", run: "ip route add default via 192.0.2.2" }, add("a"), del("a")],
  },
  "no master, and no default route": {
    network: ipvlan({ master: undefined, ipam: v4 }),
    steps: [add("a", { refused: true })],
  },
  "a CHECK of what is no longer there": {
    network: ipvlan({ ipam: { ...v4, routes: [{ dst: "192.168.0.0/16", gw: "10.1.2.9" }] } }),
    steps: [
      add("a"),
      add("b"),
      add("c"),
      { in: "a", run: "ip address delete 10.1.2.2/24 dev eth0" },
      { in: "b", run: "ip route delete 192.168.0.0/16" },
      check("a", { refused: true }),
      check("b", { refused: true }),
      check("c"),
      del("a"),
      del("b"),
      del("c"),
    ],
  },
};

twin.describe("ipvlan does as Go's does with", () => {
  twin.test.each(Object.entries(scenarios))("%s", (_, scenario) => {
    expect(differences(scenario)).toEqual(expectedDifferences(scenario));
  });
});
