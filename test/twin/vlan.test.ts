/** `vlan` beside Debian's Go plugin of that name: the same calls, the same answers, links, addresses, routes, sysctls and files. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import { goPlugins } from "../plugins/executable.ts";
import { v4 } from "./configurations.ts";
import { expectedDifferences } from "./expected.ts";
import { common, type NetworkOf, networksOf, once } from "./linked.ts";
import { add, check, del, differences, look, type Scenario } from "./play.ts";

const twin = needs("namespaces", "link:vlan", `file:${goPlugins}/vlan`, "program:ip");

const vlan: NetworkOf = (keys, ...more) => networksOf("vlan")({ vlanId: 42, ...keys }, ...more);

const scenarios: Record<string, Scenario> = {
  ...common(vlan, { vlanId: 43 }),
  ...Object.fromEntries(
    [0, 4094].map((vlanId) => [`the VLAN ${vlanId}`, { network: vlan({ vlanId, ipam: v4 }), steps: once }]),
  ),
  ...Object.fromEntries(
    [-1, 4095].map((vlanId) => [
      `the VLAN ${vlanId}, which there is not`,
      {
        network: vlan({ vlanId, ipam: v4 }),
        steps: [add("a", { refused: true })],
        shows: ["invalidConfig"],
      } satisfies Scenario,
    ]),
  ),
  "a VLAN that the master has already": {
    network: vlan({ ipam: v4 }),
    steps: [add("a"), add("b", { refused: true }), del("b"), check("a"), del("a")],
  },
  "no addresses at all": { network: vlan({}), steps: [add("a", { refused: true })] },
  "no master": {
    network: vlan({ master: undefined, ipam: v4 }),
    steps: [add("a", { refused: true })],
    shows: ["invalidConfig"],
  },
  "an MTU larger than the master's": {
    network: vlan({ mtu: 9000, ipam: v4 }),
    steps: [add("a", { refused: true })],
  },
  "a CHECK of what is no longer there": {
    network: vlan({ ipam: { ...v4, routes: [{ dst: "192.168.0.0/16", gw: "10.1.2.9" }] } }),
    steps: [
      add("a"),
      check("a"),
      { in: "a", run: "ip route delete 192.168.0.0/16" },
      check("a", { refused: true }),
      { in: "a", run: "ip address delete 10.1.2.2/24 dev eth0" },
      check("a", { refused: true }),
      { in: "a", run: "ip link delete eth0" },
      check("a", { refused: true }),
      del("a"),
    ],
  },
  "a DEL after the master has gone": {
    network: vlan({ master: "up1", ipam: v4 }),
    steps: [
      { in: "host", run: "ip link add up1 type veth peer name up2; ip link set up1 up" },
      add("a"),
      { in: "host", run: "ip link delete up1" },
      del("a"),
      look,
    ],
    shows: ["delWithoutMaster"],
  },
};

twin.describe("vlan does as Go's does with", () => {
  twin.test.each(Object.entries(scenarios))("%s", (_, scenario) => {
    expect(differences(scenario)).toEqual(expectedDifferences(scenario));
  });
});
