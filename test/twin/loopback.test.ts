/** `loopback` beside Debian's Go plugin of that name. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import type { Configuration } from "../plugins/call.ts";
import { goPlugins } from "../plugins/executable.ts";
import { expectedDifferences } from "./expected.ts";
import { add, check, del, differences, look, type Scenario } from "./play.ts";

const twin = needs("namespaces", `file:${goPlugins}/loopback`, "program:ip");

const loopback = (cniVersion: string): Configuration => ({
  cniVersion,
  name: "lo",
  plugins: [{ type: "loopback" }],
});
const upAndDown = [add("a"), look, del("a"), look, del("a")] as const;

const scenarios: Record<string, Scenario> = {
  "no version": { network: loopback(""), steps: upAndDown },
  ...Object.fromEntries(
    ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0"].map((version): [string, Scenario] => [
      version,
      { network: loopback(version), steps: upAndDown, shows: ["resultOfItsVersion"] },
    ]),
  ),
  "1.0.0": { network: loopback("1.0.0"), steps: [add("a"), look, check("a"), del("a"), look, del("a")] },
  "CHECK of a lo that is down": {
    network: loopback("1.0.0"),
    steps: [add("a"), { in: "a", run: "ip link set lo down" }, check("a", { refused: true })],
  },
  "a lo with more addresses": {
    network: loopback("1.0.0"),
    steps: [{ in: "a", run: "ip address add 127.0.0.9/32 dev lo" }, add("a"), look],
  },
  "a lo with an address from elsewhere": {
    network: loopback("1.0.0"),
    steps: [{ in: "a", run: "ip address add 192.0.2.9/32 dev lo" }, add("a", { refused: true }), look],
  },
  "the result of a plugin before it": {
    network: {
      ...loopback("1.0.0"),
      plugins: [
        { type: "bridge", isGateway: true, ipam: { type: "host-local", subnet: "10.1.2.0/24" } },
        { type: "loopback" },
      ],
    },
    steps: [add("a"), look, check("a"), del("a"), look],
  },
  "a DEL whose namespace has ended": {
    network: loopback("1.0.0"),
    steps: [add("a"), { end: "a" }, del("a"), look],
  },
};

twin.describe("loopback does as Go's does with", () => {
  twin.test.each(Object.entries(scenarios))("%s", (_, scenario) => {
    expect(differences(scenario)).toEqual(expectedDifferences(scenario));
  });
});
