/** `bridge` with a VLAN beside Debian's Go plugin, on a kernel whose bridges look at VLANs. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import { goPlugins } from "../plugins/executable.ts";
import { bridge, dual, filteringBridge, v4 } from "./configurations.ts";
import { expectedDifferences } from "./expected.ts";
import { add, check, del, differences, look, type Scenario } from "./play.ts";

const twin = needs("namespaces", "bridge-vlans", `file:${goPlugins}/bridge`, "program:ip", "program:bridge");

const kept = { preserveDefaultVlan: true, vlan: 100 };

const scenarios: Record<string, Scenario> = {
  "a VLAN without addresses": {
    network: bridge({ ...kept }),
    steps: [filteringBridge, add("a"), look, check("a"), del("a"), look],
    shows: ["checkWithoutAddresses"],
  },
  "a VLAN with a gateway": {
    network: bridge({ ...kept, isGateway: true, mtu: 1400, ipam: v4 }),
    steps: [filteringBridge, add("a"), add("b"), look, check("a"), del("a"), del("b"), look],
  },
  "a VLAN with a default gateway in both families": {
    network: bridge({ ...kept, isDefaultGateway: true, ipam: dual }),
    steps: [filteringBridge, add("a"), look, check("a"), del("a"), look],
  },
  "two VLANs, and none, on one bridge": {
    network: bridge({ ...kept, isGateway: true, ipam: v4 }),
    steps: [
      filteringBridge,
      add("a"),
      add("b", { network: bridge({ ...kept, vlan: 200 }, "1.0.0", "other") }),
      add("c", { network: bridge({}, "1.0.0", "plain") }),
      look,
      del("a"),
      del("b", { network: bridge({ ...kept, vlan: 200 }, "1.0.0", "other") }),
      del("c", { network: bridge({}, "1.0.0", "plain") }),
      look,
    ],
  },
  "a VLAN alone": {
    network: bridge({ vlan: 100, isGateway: true, ipam: v4 }),
    steps: [filteringBridge, add("a"), look, check("a"), del("a"), look],
    shows: ["defaultVlanLeft"],
  },
};

twin.describe("bridge does as Go's does with", () => {
  twin.test.each(Object.entries(scenarios))("%s", (_, scenario) => {
    expect(differences(scenario)).toEqual(expectedDifferences(scenario));
  });
});
